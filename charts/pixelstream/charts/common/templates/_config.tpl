{{/*
The ConfigMap with this chart's configuration. Usage:
{{ include "pixelstream.configMap" (dict "context" . "config" (include "x.config" . | fromYaml)) }}
Optional keys: name, labels.
*/}}
{{- define "pixelstream.configMap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  {{- include "pixelstream.metadata" (dict "context" .context "name" .name "labels" .labels) | nindent 2 }}
data:
  config.yaml: |
    {{- toYaml .config | nindent 4 }}
{{- end -}}

{{/*
What the chart knows, overlaid with what the user's `config:` says, as YAML; the user wins, and a null of
his takes a setting back to the service's own default.
Usage: {{ include "pixelstream.overlay" (list $ours .Values.config) }}
*/}}
{{- define "pixelstream.overlay" -}}
{{- toYaml (mergeOverwrite (deepCopy (index . 0)) (deepCopy (index . 1 | default dict))) -}}
{{- end -}}

{{/*
Annotation that rolls pods when their configuration changes. Usage: {{ include "pixelstream.checksum" $config }}
*/}}
{{- define "pixelstream.checksum" -}}
checksum/config: {{ toYaml . | sha256sum }}
{{- end -}}

{{/*
Mounts of the pod's settings and keys. Usage: {{ include "pixelstream.configMounts" . | nindent 12 }}  or, for a pod
with several configurations or a container without keys, {{ include "pixelstream.configMounts" (dict "volume" "x" "keys" false) }}
*/}}
{{- define "pixelstream.configMounts" -}}
- {name: {{ .volume | default "config" }}, mountPath: /etc/pixelstream/config.yaml, subPath: config.yaml, readOnly: true}
{{- if ne (toString .keys) "false" }}
- {name: keys, mountPath: /etc/pixelstream/keys, readOnly: true}
{{- end }}
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

{{/*
`extraObjects`: whole objects of the user's, in which templates may stand. Usage: {{ include "pixelstream.extraObjects" . }}
*/}}
{{- define "pixelstream.extraObjects" -}}
{{- range .Values.extraObjects }}
---
{{ tpl (kindIs "string" . | ternary . (toYaml .)) $ }}
{{- end }}
{{- end -}}
