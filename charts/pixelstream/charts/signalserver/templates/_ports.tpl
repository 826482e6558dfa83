{{/*
Ports at which streamers and SFUs come in, as YAML: `ports: [{name, port}]`.
Usage: {{ (include "signalserver.ports" . | fromYaml).ports }}
*/}}
{{- define "signalserver.ports" -}}
ports:
  - {name: streamer, port: 8888}
  {{- if (include "signalserver.config" . | fromYaml).sfu.enabled }}
  - {name: sfu, port: 8889}
  {{- end }}
{{- end -}}
