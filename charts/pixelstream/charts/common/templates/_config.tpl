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

{{/*
Mounts of the pod's settings and keys. Usage: {{ include "pixelstream.configMounts" . | nindent 12 }}
*/}}
{{- define "pixelstream.configMounts" -}}
- {name: config, mountPath: /etc/pixelstream/config.yaml, subPath: config.yaml, readOnly: true}
- {name: keys, mountPath: /etc/pixelstream/keys, readOnly: true}
{{- end -}}

{{/*
Volumes behind those mounts; of the release's keys a pod gets only the ones it is given here.
Usage: {{ include "pixelstream.configVolumes" (list . $configMapName (list "control-key")) | nindent 8 }}
*/}}
{{- define "pixelstream.configVolumes" -}}
- name: config
  configMap:
    name: {{ index . 1 }}
- name: keys
  secret:
    secretName: {{ include "pixelstream.secretName" (index . 0) }}
    defaultMode: 0440
    items:
      {{- range index . 2 }}
      - {key: {{ . }}, path: {{ . }}}
      {{- end }}
{{- end -}}
