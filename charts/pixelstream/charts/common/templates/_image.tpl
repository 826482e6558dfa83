{{/*
An image reference: registry/repository:tag, or @digest where one is given; the tag defaults to the release's.
Usage: {{ include "pixelstream.image" (list . .Values.image) }}
*/}}
{{- define "pixelstream.image" -}}
{{- $context := index . 0 -}}
{{- $image := index . 1 -}}
{{- $registry := $context.Values.global.imageRegistry | default $image.registry -}}
{{- $name := $image.repository -}}
{{- if $registry }}{{ $name = printf "%s/%s" (trimSuffix "/" $registry) $name }}{{ end -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $name $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name ($image.tag | default $context.Chart.AppVersion | toString) -}}
{{- end -}}
{{- end -}}

{{/*
imagePullSecrets of a pod, with the line break before. Usage: {{ include "pixelstream.pullSecrets" . }}
*/}}
{{- define "pixelstream.pullSecrets" -}}
{{- with concat (.Values.global.imagePullSecrets | default list) (.Values.imagePullSecrets | default list) | uniq }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}
