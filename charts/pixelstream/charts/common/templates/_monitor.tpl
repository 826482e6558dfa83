{{/*
A PodMonitor for this chart's pods, one target a pod: the port is named, so the others of a pod are none.
Usage: {{ include "pixelstream.podMonitor" (dict "context" . "port" "http") }}
Optional keys: selector (text), name, service (a label of the series: the Service that they are a metric of), fleet (true gives
the series of a stream's pod the label of its fleet).
*/}}
{{- define "pixelstream.podMonitor" -}}
{{- $monitor := .context.Values.global.monitoring -}}
{{- if $monitor.enabled -}}
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
  {{- include "pixelstream.metadata" (dict "context" .context "name" .name "labels" $monitor.labels) | nindent 2 }}
spec:
  selector:
    matchLabels:
      {{- .selector | default (include "pixelstream.selectorLabels" .context) | nindent 6 }}
  podMetricsEndpoints:
    - port: {{ .port }}
      path: /metrics
      interval: {{ $monitor.interval }}
      {{- if or .service .fleet }}
      relabelings:
        {{- with .service }}
        - {targetLabel: service, replacement: {{ . }}}
        {{- end }}
        {{- if .fleet }}
        - {sourceLabels: [__meta_kubernetes_pod_label_pixelstream_io_fleet], targetLabel: fleet}
        {{- end }}
      {{- end }}
{{- end -}}
{{- end -}}

{{/*
The same by way of this chart's Service, whose name the operator puts on the series as `service`; never beside a PodMonitor,
since each would be a target of its own. Usage: {{ include "pixelstream.serviceMonitor" (dict "context" . "port" "http") }}
*/}}
{{- define "pixelstream.serviceMonitor" -}}
{{- $monitor := .context.Values.global.monitoring -}}
{{- if $monitor.enabled -}}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  {{- include "pixelstream.metadata" (dict "context" .context "labels" $monitor.labels) | nindent 2 }}
spec:
  selector:
    matchLabels:
      {{- include "pixelstream.selectorLabels" .context | nindent 6 }}
  endpoints:
    - port: {{ .port }}
      path: /metrics
      interval: {{ $monitor.interval }}
{{- end -}}
{{- end -}}
