{{/*
Traefik's static configuration, as YAML. Usage: {{ include "router.static" . }}
*/}}
{{- define "router.static" -}}
{{- $timeouts := dict
      "respondingTimeouts" (dict "readTimeout" (printf "%vs" (int64 .Values.timeouts.request)) "idleTimeout" (printf "%vs" (int64 .Values.timeouts.websocket)))
      "lifeCycle" (dict "requestAcceptGraceTimeout" "10s" "graceTimeOut" (printf "%vs" (sub (int64 .Values.terminationGracePeriodSeconds) 15))) -}}
global: {checkNewVersion: false, sendAnonymousUsage: false}
log: {level: WARN, format: json}
ping: {entryPoint: health}
metrics: {prometheus: {entryPoint: health}}
providers:
  file: {directory: /etc/traefik/dynamic, watch: true}
entryPoints:
  health: {address: ":9000"}
  web:
    address: ":8080"
    {{- if .Values.tls.enabled }}
    http: {redirections: {entryPoint: {to: ":443", scheme: https}}}
    {{- end }}
    transport:
      {{- toYaml $timeouts | nindent 6 }}
  {{- if .Values.tls.enabled }}
  websecure:
    address: ":8443"
    http: {tls: {}}
    transport:
      {{- toYaml $timeouts | nindent 6 }}
  {{- end }}
{{- end -}}

{{/*
Traefik's routes, as YAML. Usage: {{ include "router.dynamic" . }}
*/}}
{{- define "router.dynamic" -}}
{{- $prefix := include "router.prefix" . -}}
{{- $host := ternary "" (printf "Host(`%s`) && " .Values.host) (empty .Values.host) -}}
{{- $entry := ternary "websecure" "web" .Values.tls.enabled -}}
{{- $middlewares := concat (ternary (list) (list "prefix") (empty $prefix)) (list "headers") (ternary (list "rate") (list) (gt (int64 .Values.limits.requestsPerSecond) 0)) -}}
http:
  routers:
    {{- range $number, $route := include "router.routes" . | fromYamlArray }}
    {{ $route.component }}-{{ $number }}:
      rule: {{ printf "%s%s(`%s`)" $host (ternary "Path" "PathPrefix" $route.exact) (printf "%s%s" $prefix $route.path) | quote }}
      priority: {{ sub 100 $number }}
      entryPoints: [{{ $entry }}]
      service: {{ $route.component }}
      middlewares: [{{ join ", " $middlewares }}]
    {{- end }}
    # A limit of bodies makes Traefik read whole answers first, which would stop streams of events: posts only.
    posts:
      rule: {{ printf "%sMethod(`POST`) && (PathPrefix(`%s/api/v1/sessions`) || Path(`%s/api/v1/quality`))" $host $prefix $prefix | quote }}
      priority: 200
      entryPoints: [{{ $entry }}]
      service: matchmaker
      middlewares: [{{ join ", " (append $middlewares "body") }}]
  middlewares:
    headers:
      headers:
        customRequestHeaders: {X-Original-Uri: ""}
        customResponseHeaders:
          {{- toYaml .Values.headers | nindent 10 }}
    body: {buffering: {maxRequestBodyBytes: {{ int64 .Values.limits.maxBody }}}}
    {{- if $prefix }}
    prefix: {stripPrefix: {prefixes: [{{ $prefix }}]}}
    {{- end }}
    {{- if gt (int64 .Values.limits.requestsPerSecond) 0 }}
    rate: {rateLimit: {average: {{ int64 .Values.limits.requestsPerSecond }}, burst: {{ int64 .Values.limits.burst }}}}
    {{- end }}
  services:
    {{- range $component, $port := dict "matchmaker" 3000 "proxy" 8080 "player" 8080 }}
    {{ $component }}:
      loadBalancer:
        servers: [{url: "http://{{ include "pixelstream.peer" (list $ $component) }}:{{ $port }}"}]
    {{- end }}
{{- if .Values.tls.enabled }}
tls:
  certificates: [{certFile: /etc/traefik/tls/tls.crt, keyFile: /etc/traefik/tls/tls.key}]
{{- end }}
{{- end -}}
