{{/*
Faults in this chart's values; see "pixelstream.fault". Usage: {{ include "turn.validate" . }}
*/}}
{{- define "turn.validate" -}}
{{- end -}}
