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
Mounts of configuration and keys: /etc/pixelstream/config.yaml and /etc/pixelstream/keys.
Usage: {{ include "pixelstream.mounts" (dict "keys" true) | nindent 12 }}
Optional key: volume, the name of the volume with the configuration.
*/}}
{{- define "pixelstream.mounts" -}}
- name: {{ .volume | default "config" }}
  mountPath: /etc/pixelstream/config.yaml
  subPath: config.yaml
  readOnly: true
{{- if .keys }}
- name: keys
  mountPath: /etc/pixelstream/keys
  readOnly: true
{{- end }}
{{- end -}}

{{/*
The volume with a configuration. Usage: {{ include "pixelstream.configVolume" (dict "name" "config" "configMap" $name) | nindent 8 }}
*/}}
{{- define "pixelstream.configVolume" -}}
- name: {{ .name }}
  configMap:
    name: {{ .configMap }}
{{- end -}}

{{/*
The volume with the release's keys, and no more of them than the pod needs.
Usage: {{ include "pixelstream.keysVolume" (list . "control-key" "lease-keys") | nindent 8 }}
*/}}
{{- define "pixelstream.keysVolume" -}}
- name: keys
  secret:
    secretName: {{ include "pixelstream.secretName" (first .) }}
    defaultMode: 0440
    items:
      {{- range rest . }}
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
