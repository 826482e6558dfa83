{{/*
Faults in this chart's values; see "pixelstream.fault". Usage: {{ include "player.validate" . }}
*/}}
{{- define "player.validate" -}}
{{- end -}}
