{{/*
Configuration of a signalserver, as YAML: what the chart alone knows, overlaid with `config`.
Usage: {{ include "signalserver.config" (dict "context" . "config" .Values.config "fleet" "default" "engine" "auto" "grace" 14400) }}
Optional key: exposed (true for streamers that come from beyond the pod). The stream's id is the pod's name; see
"signalserver.container".
*/}}
{{- define "signalserver.config" -}}
{{- $keys := "/etc/pixelstream/keys" -}}
{{- $ours := dict
      "streamers" (dict "engine" (toString .engine))
      "sfu" (dict "enabled" false)
      "stream" (dict "fleet" .fleet)
      "auth" (dict "lease" "required")
      "ice" (dict "turnApi" (printf "http://%s:3000" (include "pixelstream.peer" (list .context "turn-api"))))
      "matchmaker" (dict "url" (printf "ws://%s:3000" (include "pixelstream.peer" (list .context "matchmaker"))))
      "drain" (dict "deadline" (max 0 (sub (int64 .grace) 30)))
      "controlKeyFile" (printf "%s/control-key" $keys)
      "leaseKeysFile" (printf "%s/lease-keys" $keys) -}}
{{- if .exposed -}}
{{- $_ := set $ours.streamers "host" "0.0.0.0" -}}
{{- $_ := set $ours.sfu "host" "0.0.0.0" -}}
{{- $_ := set $ours "streamerTokenFile" (printf "%s/streamer-token" $keys) -}}
{{- end -}}
{{- include "pixelstream.overlay" (list $ours .config) -}}
{{- end -}}

{{/*
Configuration of the standalone signalserver, as YAML. Usage: {{ include "signalserver.own" . | fromYaml }}
*/}}
{{- define "signalserver.own" -}}
{{- include "signalserver.config" (dict "context" . "config" .Values.config "fleet" .Values.standalone.fleet "engine" "auto" "grace" .Values.terminationGracePeriodSeconds "exposed" true) -}}
{{- end -}}
