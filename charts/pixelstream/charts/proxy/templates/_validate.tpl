{{/*
Faults in this chart's values; see "pixelstream.fault". Usage: {{ include "proxy.validate" . }}
*/}}
{{- define "proxy.validate" -}}
{{- end -}}
