{{/*
Settings of the matchmaker, as YAML: what the chart alone knows, overlaid with `config`. The fleets come from the
streamer chart by a ConfigMap, since charts see each other's values by no other way.
Usage: {{ include "matchmaker.config" . | fromYaml }}
*/}}
{{- define "matchmaker.config" -}}
{{- $keys := "/etc/pixelstream/keys" -}}
{{- $streams := printf "app.kubernetes.io/instance=%s,pixelstream.io/discovery=true" .Release.Name -}}
{{- $ours := dict
      "controlKeyFile" (printf "%s/control-key" $keys)
      "leaseKeysFile" (printf "%s/lease-keys" $keys)
      "kubernetes" (dict "namespace" .Release.Namespace "selector" $streams)
      "fleetsFile" "/etc/pixelstream/fleets/fleets.yaml"
      "drain" (dict "deadline" (max 0 (sub (int64 .Values.terminationGracePeriodSeconds) 30))) -}}
{{- with include "matchmaker.store" . | fromYaml -}}
{{- $_ := set $ours "store" . -}}
{{- end -}}
{{- include "pixelstream.overlay" (list $ours .Values.config) -}}
{{- end -}}
