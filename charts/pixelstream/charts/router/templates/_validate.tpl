{{/*
Faults in this chart's values; see "pixelstream.fault". Usage: {{ include "router.validate" . }}
*/}}
{{- define "router.validate" -}}
{{- end -}}
