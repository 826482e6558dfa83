{{/*
All faults of a chart, one to a line, or nothing. Each leaf defines "<leaf>.validate", which writes one fault
per line as "key: what is wrong. Fix: what to write". Usage: {{ include "pixelstream.faults" (list . (list "turn" "streamer")) }}
*/}}
{{- define "pixelstream.fault" -}}
{{ printf "\n  - %s" . }}
{{- end -}}
