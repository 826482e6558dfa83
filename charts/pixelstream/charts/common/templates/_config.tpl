{{/*
The ConfigMap with this chart's `config:` block, verbatim. Usage: {{ include "pixelstream.configMap" (list . $config) }}
*/}}
{{- define "pixelstream.configMap" -}}
{{- $context := index . 0 -}}
apiVersion: v1
kind: ConfigMap
metadata:
  {{- include "pixelstream.metadata" $context | nindent 2 }}
data:
  config.yaml: |
    {{- toYaml (index . 1) | nindent 4 }}
{{- end -}}

{{/*
Annotation that rolls pods when their configuration changes. Usage: {{ include "pixelstream.checksum" $config }}
*/}}
{{- define "pixelstream.checksum" -}}
checksum/config: {{ toYaml . | sha256sum }}
{{- end -}}
