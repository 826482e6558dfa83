{{/*
What the pod is told: the chart's own knowledge under the user's `config`. Usage: {{ include "turn-api.config" . }}
*/}}
{{- define "turn-api.config" -}}
{{- $kubernetes := dict
      "namespace" .Release.Namespace
      "selector" (printf "app.kubernetes.io/name=turn,app.kubernetes.io/instance=%s" .Release.Name) -}}
{{- $own := dict
      "turnSecretFile" "/etc/pixelstream/keys/turn-secret"
      "controlKeyFile" "/etc/pixelstream/keys/control-key"
      "leaseKeysFile" "/etc/pixelstream/keys/lease-keys"
      "sources" (dict "kubernetes" $kubernetes) -}}
{{- include "pixelstream.overlay" (list $own .Values.config) -}}
{{- end -}}
