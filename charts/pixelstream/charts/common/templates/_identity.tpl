{{/*
A ServiceAccount without a mounted token. Usage: {{ include "pixelstream.serviceAccount" . }}
*/}}
{{- define "pixelstream.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "pixelstream.metadata" (dict "context" . "name" (include "pixelstream.serviceAccountName" .) "annotations" .Values.serviceAccount.annotations) | nindent 2 }}
automountServiceAccountToken: false
{{- end -}}

{{/*
A Role and its binding to this chart's ServiceAccount; with "cluster" true a ClusterRole and its binding.
Usage: {{ include "pixelstream.role" (dict "context" . "rules" $rules) }}
Optional keys: cluster, name, serviceAccount.
*/}}
{{- define "pixelstream.role" -}}
{{- $cluster := .cluster | default false -}}
{{- $kind := ternary "ClusterRole" "Role" $cluster -}}
{{- $name := .name | default (include "pixelstream.fullname" .context) -}}
{{- if $cluster }}{{ $name = printf "%s-%s" .context.Release.Namespace $name }}{{ end -}}
{{- $metadata := include "pixelstream.metadata" (dict "context" .context "name" $name "namespaced" (not $cluster)) -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}
metadata:
  {{- $metadata | nindent 2 }}
rules:
  {{- toYaml .rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}Binding
metadata:
  {{- $metadata | nindent 2 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ $kind }}
  name: {{ $name }}
subjects:
  - kind: ServiceAccount
    name: {{ .serviceAccount | default (include "pixelstream.serviceAccountName" .context) }}
    namespace: {{ .context.Release.Namespace }}
{{- end -}}
