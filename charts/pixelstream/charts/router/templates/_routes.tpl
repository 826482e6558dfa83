{{/*
All routes, in order of precedence, as YAML: path under the prefix, whether it is one path or all below it, the
component and port behind it. Every kind of edge renders this same list. Usage: {{ include "router.routes" . | fromYamlArray }}
*/}}
{{- define "router.routes" -}}
- {path: /ws, exact: true, component: matchmaker, port: 3000}
- {path: /api/v1/sessions, exact: false, component: matchmaker, port: 3000}
- {path: /api/v1/quality, exact: true, component: matchmaker, port: 3000}
- {path: /list, exact: true, component: matchmaker, port: 3000}
- {path: /signallingserver, exact: true, component: matchmaker, port: 3000}
- {path: /s/, exact: false, component: proxy, port: 8080}
- {path: /, exact: false, component: player, port: 8080}
{{- end -}}

{{/*
The prefix without a slash at the end; nothing for the root. Usage: {{ include "router.prefix" . }}
*/}}
{{- define "router.prefix" -}}
{{- trimSuffix "/" .Values.path -}}
{{- end -}}

{{/*
The Secret with the certificate. Usage: {{ include "router.tlsSecret" . }}
*/}}
{{- define "router.tlsSecret" -}}
{{- .Values.tls.existingSecret | default (printf "%s-tls" (include "pixelstream.fullname" .)) -}}
{{- end -}}
