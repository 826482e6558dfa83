{{/*
Faults in this chart's values; see "pixelstream.fault". Usage: {{ include "turn.validate" . }}
*/}}
{{- define "turn.validate" -}}
{{- if .Values.enabled -}}
{{- if and (eq .Values.kind "Deployment") (not .Values.externalAddress) }}
{{- include "pixelstream.fault" (dict "key" "turn.externalAddress" "wrong" "is empty, but with kind Deployment clients reach the relay by its load balancer" "yaml" "turn:\n  kind: Deployment\n  externalAddress: 203.0.113.7") }}
{{- end }}
{{- if and (eq .Values.kind "Deployment") (gt (int64 .Values.replicas) 1) }}
{{- include "pixelstream.fault" (dict "key" "turn.replicas" "wrong" "must be 1: one address can't lead a client back to the relay that has its allocation" "yaml" "turn:\n  replicas: 1") }}
{{- end }}
{{- if gt (int64 .Values.ports.min) (int64 .Values.ports.max) }}
{{- include "pixelstream.fault" (dict "key" "turn.ports.min" "wrong" "is above turn.ports.max" "yaml" "turn:\n  ports:\n    min: 49152\n    max: 65535") }}
{{- end }}
{{- if and .Values.taint.enabled (ne .Values.kind "DaemonSet") }}
{{- include "pixelstream.fault" (dict "key" "turn.taint.enabled" "wrong" "goes with kind DaemonSet only" "yaml" "turn:\n  taint:\n    enabled: false") }}
{{- end }}
{{- if lt (int64 (sub (int64 .Values.ports.max) (int64 .Values.ports.min))) (int64 15) }}
{{- include "pixelstream.fault" (dict "key" "turn.ports" "wrong" "leaves fewer than 16 ports for relayed traffic" "yaml" "turn:\n  ports:\n    min: 49152\n    max: 65535") }}
{{- end }}
{{- end -}}
{{- end -}}
