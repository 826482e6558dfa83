{{/*
Faults in this chart's values; see "pixelstream.fault". Usage: {{ include "turn-api.validate" . }}
*/}}
{{- define "turn-api.validate" -}}
{{- end -}}
