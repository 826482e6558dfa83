{{/*
Labels that select this chart's pods; never a version, since selectors can't change.
Usage: {{ include "pixelstream.selectorLabels" . }}
*/}}
{{- define "pixelstream.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/*
Labels of every object. Usage: {{ include "pixelstream.labels" . | nindent 4 }}  or, with more of them,
       {{ include "pixelstream.labels" (dict "context" . "labels" (dict)) | nindent 4 }}
*/}}
{{- define "pixelstream.labels" -}}
{{- $context := .context | default . -}}
{{- $own := dict
      "app.kubernetes.io/name" $context.Chart.Name
      "app.kubernetes.io/instance" $context.Release.Name
      "app.kubernetes.io/version" (toString $context.Chart.AppVersion)
      "app.kubernetes.io/component" $context.Chart.Name
      "app.kubernetes.io/part-of" "pixelstream"
      "app.kubernetes.io/managed-by" $context.Release.Service
      "helm.sh/chart" (printf "%s-%s" $context.Chart.Name $context.Chart.Version | replace "+" "_") -}}
{{- toYaml (merge $own (deepCopy (.labels | default dict)) (deepCopy ($context.Values.global.commonLabels | default dict))) -}}
{{- end -}}

{{/*
The head of an object: name, namespace, labels and annotations.
Usage: {{ include "pixelstream.metadata" . }}  or, with another name and more labels and annotations,
       {{ include "pixelstream.metadata" (dict "context" . "name" "x" "labels" (dict) "annotations" (dict)) }}
With "namespaced" false it is for an object of the whole cluster.
*/}}
{{- define "pixelstream.metadata" -}}
{{- $context := .context | default . -}}
{{- $annotations := merge (deepCopy (.annotations | default dict)) (deepCopy ($context.Values.global.commonAnnotations | default dict)) -}}
name: {{ .name | default (include "pixelstream.fullname" $context) }}
{{- if ne (toString .namespaced) "false" }}
namespace: {{ $context.Release.Namespace }}
{{- end }}
labels:
  {{- include "pixelstream.labels" (dict "context" $context "labels" .labels) | nindent 2 }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
