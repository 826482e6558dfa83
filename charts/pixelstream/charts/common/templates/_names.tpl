{{/*
The stem of every name in this release. Usage: {{ include "pixelstream.stem" . }}
*/}}
{{- define "pixelstream.stem" -}}
{{- .Values.global.fullnameOverride | default .Release.Name | replace "." "-" | trunc 32 | trimSuffix "-" -}}
{{- end -}}

{{/*
The name of this chart's objects. Usage: {{ include "pixelstream.fullname" . }}
*/}}
{{- define "pixelstream.fullname" -}}
{{- if eq .Chart.Name "pixelstream" -}}
{{- include "pixelstream.stem" . -}}
{{- else -}}
{{- include "pixelstream.peer" (list . .Chart.Name) -}}
{{- end -}}
{{- end -}}

{{/*
The name of another component's objects. Usage: {{ include "pixelstream.peer" (list . "matchmaker") }}
*/}}
{{- define "pixelstream.peer" -}}
{{- printf "%s-%s" (include "pixelstream.stem" (index . 0)) (index . 1) -}}
{{- end -}}

{{/*
The ServiceAccount of this chart's pods. Usage: {{ include "pixelstream.serviceAccountName" . }}
*/}}
{{- define "pixelstream.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (include "pixelstream.fullname" .) -}}
{{- end -}}

{{/*
The Secret with the release's keys. Usage: {{ include "pixelstream.secretName" . }}
*/}}
{{- define "pixelstream.secretName" -}}
{{- .Values.global.existingSecret | default (printf "%s-keys" (include "pixelstream.stem" .)) -}}
{{- end -}}
