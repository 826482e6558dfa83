{{/*
Labels that select this chart's pods; never a version, since selectors can't change.
Usage: {{ include "pixelstream.selectorLabels" . }}
*/}}
{{- define "pixelstream.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/*
Labels of every object. Usage: {{ include "pixelstream.labels" . | nindent 4 }}
*/}}
{{- define "pixelstream.labels" -}}
{{ include "pixelstream.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: {{ .Chart.Name }}
app.kubernetes.io/part-of: pixelstream
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.global.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/*
The head of an object: name, namespace, labels and annotations.
Usage: {{ include "pixelstream.metadata" . }}  or, with another name and more labels and annotations,
       {{ include "pixelstream.metadata" (dict "context" . "name" "x" "labels" (dict) "annotations" (dict)) }}
*/}}
{{- define "pixelstream.metadata" -}}
{{- $context := .context | default . -}}
{{- $annotations := merge (dict) (.annotations | default dict) ($context.Values.global.commonAnnotations | default dict) -}}
name: {{ .name | default (include "pixelstream.fullname" $context) }}
namespace: {{ $context.Release.Namespace }}
labels:
  {{- include "pixelstream.labels" $context | nindent 2 }}
  {{- with .labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
