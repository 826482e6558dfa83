{{/*
Faults in this chart's values; see "pixelstream.fault". Usage: {{ include "signalserver.validate" . }}
*/}}
{{- define "signalserver.validate" -}}
{{- if .Values.enabled -}}
{{- $config := include "signalserver.config" . | fromYaml -}}
{{- if lt (int64 .Values.terminationGracePeriodSeconds) (int64 60) }}
{{- include "pixelstream.fault" (dict "key" "signalserver.terminationGracePeriodSeconds" "wrong" "leaves players no time to end; write at least 60" "yaml" "signalserver:\n  terminationGracePeriodSeconds: 14400") }}
{{- end }}
{{- $reset := $config.reset | default dict }}
{{- if and (ne ($reset.kind | default "none") "none") (or (eq $reset.kind "restart") (ne ($reset.onFailure | default "restart") "offer")) }}
{{- include "pixelstream.fault" (dict "key" "signalserver.config.reset" "wrong" "wants its streamers restarted, which nobody does outside the cluster; offer them as they are when a reset fails" "yaml" "signalserver:\n  config:\n    reset: {kind: message, message: {type: resetLevel}, onFailure: offer}") }}
{{- end }}
{{- if kindIs "invalid" $config.streamerTokenFile }}
{{- include "pixelstream.fault" (dict "key" "signalserver.config.streamerTokenFile" "wrong" "is taken away, so anyone may bring a streamer; leave it out" "yaml" "signalserver:\n  enabled: true") }}
{{- end }}
{{- end -}}
{{- end -}}
