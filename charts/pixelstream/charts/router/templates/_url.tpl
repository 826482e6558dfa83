{{/*
The page's address, or how to learn it, for NOTES.txt. Usage: {{ include "router.url" .Subcharts.router }}
*/}}
{{- define "router.url" -}}
{{- $scheme := ternary "https" "http" .Values.tls.enabled -}}
{{- $service := include "pixelstream.fullname" . -}}
{{- $found := lookup "v1" "Service" .Release.Namespace $service -}}
{{- $address := "" -}}
{{- range dig "status" "loadBalancer" "ingress" list $found }}{{ $address = .hostname | default .ip }}{{ end -}}
{{- if eq .Values.kind "none" -}}
router.kind is none: route the page's address to the Services of player, matchmaker and proxy yourself.
{{- else if .Values.host -}}
{{ $scheme }}://{{ .Values.host }}{{ .Values.path }}
{{- else if ne .Values.kind "traefik" -}}
the address of your {{ .Values.kind }}, path {{ .Values.path }}
{{- else if $address -}}
{{ $scheme }}://{{ $address }}{{ .Values.path }}
{{- else if eq .Values.service.type "LoadBalancer" -}}
kubectl --namespace {{ .Release.Namespace }} get service {{ $service }} --output jsonpath='{{ $scheme }}://{.status.loadBalancer.ingress[0].ip}{{ .Values.path }}'
{{- end }}
{{- if and (eq .Values.kind "traefik") (not $address) (not .Values.host) }}
From this machine, with or without a load balancer:
kubectl --namespace {{ .Release.Namespace }} port-forward service/{{ $service }} 8080:{{ ternary 443 80 .Values.tls.enabled }}
{{ $scheme }}://localhost:8080{{ .Values.path }}
{{- end }}
{{- end -}}
