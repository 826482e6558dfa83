{{/*
Faults in this chart's values; see "pixelstream.fault". Usage: {{ include "matchmaker.validate" . }}
*/}}
{{- define "matchmaker.validate" -}}
{{- if and (gt (int64 .Values.replicas) 1) (not .Values.config.store) }}
{{- include "pixelstream.fault" (dict "key" "matchmaker.replicas" "wrong" "is above 1, but the matchmakers share no store, so each would seat players at the same streams" "yaml" "matchmaker:\n  replicas: 1") }}
{{- end }}
{{- with dig "legacy" dict .Values.config }}
{{- if and .enabled (not .allow) }}
{{- include "pixelstream.fault" (dict "key" "matchmaker.config.legacy.allow" "wrong" "is empty; name the networks that old signalling servers come from" "yaml" "matchmaker:\n  config:\n    legacy:\n      enabled: true\n      allow: [10.0.0.0/8]") }}
{{- end }}
{{- end }}
{{- if and .Values.valkey.enabled (not (hasKey .Subcharts "valkey")) }}
{{- include "pixelstream.fault" (dict "key" "matchmaker.valkey.enabled" "wrong" "is true, but its chart isn't here; bring it in with this command, or switch it off:" "yaml" "helm dependency update charts/pixelstream/charts/matchmaker") }}
{{- end }}
{{- end -}}
