{{/*
Pod security context, passing Pod Security "restricted". Usage: {{ include "pixelstream.podSecurity" . | nindent 8 }}
*/}}
{{- define "pixelstream.podSecurity" -}}
{{- $defaults := dict "runAsNonRoot" true "runAsUser" 10001 "runAsGroup" 10001 "fsGroup" 10001 "seccompProfile" (dict "type" "RuntimeDefault") -}}
{{- toYaml (merge (dict) (.Values.podSecurityContext | default dict) $defaults) -}}
{{- end -}}

{{/*
Container security context, passing Pod Security "restricted". Usage: {{ include "pixelstream.containerSecurity" . | nindent 12 }}
*/}}
{{- define "pixelstream.containerSecurity" -}}
{{- $defaults := dict "allowPrivilegeEscalation" false "readOnlyRootFilesystem" true "capabilities" (dict "drop" (list "ALL")) -}}
{{- toYaml (merge (dict) (.Values.containerSecurityContext | default dict) $defaults) -}}
{{- end -}}

{{/*
Labels and annotations of a pod template. Usage: {{ include "pixelstream.podMetadata" (list . $config) | nindent 6 }}
*/}}
{{- define "pixelstream.podMetadata" -}}
{{- $context := index . 0 -}}
labels:
  {{- include "pixelstream.labels" $context | nindent 2 }}
  {{- with $context.Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  {{- include "pixelstream.checksum" (index . 1) | nindent 2 }}
  {{- with $context.Values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/*
Where a pod may run: node selector, affinity, tolerations, spread, priority, grace.
Usage: {{ include "pixelstream.scheduling" (list . (include "pixelstream.selectorLabels" .)) | nindent 6 }}
*/}}
{{- define "pixelstream.scheduling" -}}
{{- $context := index . 0 -}}
{{- $values := $context.Values -}}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
{{- if $values.topologySpreadConstraints }}
  {{- toYaml $values.topologySpreadConstraints | nindent 2 }}
{{- else }}
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- index . 1 | nindent 8 }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $values.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- end -}}

{{/*
An HTTP probe with its values' timings. Usage: {{ include "pixelstream.probe" (list "/healthz" "http" .Values.probes.liveness) }}
*/}}
{{- define "pixelstream.probe" -}}
httpGet:
  path: {{ index . 0 }}
  port: {{ index . 1 }}
{{- with index . 2 }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/*
extraEnv, verbatim, and extraEnvFrom. Usage: {{ include "pixelstream.extraEnv" . | nindent 10 }}
*/}}
{{- define "pixelstream.extraEnv" -}}
{{- with .Values.extraEnv }}
env:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
