{{/*
A PodMonitor for this chart's pods. Usage: {{ include "pixelstream.podMonitor" (dict "context" . "port" "http") }}
Optional keys: selector (text), name, service (a label of the series: the Service that they are a metric of).
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
      {{- with .service }}
      relabelings:
        - {targetLabel: service, replacement: {{ . }}}
      {{- end }}
{{- end -}}
{{- end -}}
