{{/*
Faults in this chart's values; see "pixelstream.fault". Usage: {{ include "router.validate" . }}
*/}}
{{- define "router.validate" -}}
{{- if .Values.enabled -}}
{{- if and (eq .Values.kind "gateway") (not .Values.gateway.parentRef.name) }}
{{- include "pixelstream.fault" (dict "key" "router.gateway.parentRef.name" "wrong" "is missing; name the Gateway that routes attach to" "yaml" "router:\n  gateway:\n    parentRef: {name: my-gateway, namespace: gateways}") }}
{{- end }}
{{- if and (eq .Values.kind "ingress") (include "router.prefix" .) }}
{{- include "pixelstream.fault" (dict "key" "router.path" "wrong" "must be / with kind ingress: no Ingress takes a prefix away in a way that all controllers know" "yaml" "router:\n  path: /") }}
{{- end }}
{{- if and .Values.tls.enabled (ne .Values.kind "gateway") (not .Values.tls.existingSecret) (not .Values.tls.certManager.issuer) }}
{{- include "pixelstream.fault" (dict "key" "router.tls" "wrong" "is enabled without a certificate; name a Secret or an issuer of cert-manager" "yaml" "router:\n  tls:\n    enabled: true\n    existingSecret: my-certificate") }}
{{- end }}
{{- if and .Values.tls.certManager.issuer (not .Values.tls.existingSecret) (not .Values.host) }}
{{- include "pixelstream.fault" (dict "key" "router.host" "wrong" "is empty, but cert-manager needs a name for the certificate" "yaml" "router:\n  host: stream.example.org") }}
{{- end }}
{{- end -}}
{{- end -}}
