{{/*
One fault in the values: its key, what is wrong, and the YAML to write. Each leaf defines "<leaf>.validate", which
writes all of its faults or nothing; the umbrella gathers them and fails once.
Usage: {{ include "pixelstream.fault" (dict "key" "turn.kind" "wrong" "is neither this nor that" "yaml" "turn:\n  kind: this") }}
*/}}
{{- define "pixelstream.fault" }}

  {{ .key }}: {{ .wrong }}
{{- with .yaml }}
  {{- . | nindent 6 }}
{{- end }}
{{- end -}}
