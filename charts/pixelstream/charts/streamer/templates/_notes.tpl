{{/*
What an operator must know of fleets whose autoscaler can't see its metric: nothing says so but the autoscaler's own
conditions. KEDA's fleets need no adapter, and can't be installed without KEDA. Usage: {{ include "streamer.scalingNotes" . }}
*/}}
{{- define "streamer.scalingNotes" -}}
{{- $root := . -}}
{{- $blind := list -}}
{{- range $name := include "streamer.fleets" . | fromYamlArray -}}
{{- with (include "streamer.fleet" (list $root $name) | fromYaml).Values.autoscaling -}}
{{- $group := ternary "external" "custom" (eq .metric.type "External") -}}
{{- if and .enabled (eq .kind "hpa") (not ($root.Capabilities.APIVersions.Has (printf "%s.metrics.k8s.io/v1beta1" $group))) -}}
{{- $blind = append $blind $name -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- with $blind -}}
WARNING: fleets are to scale by a metric that this cluster doesn't serve, and keep their size until it does: {{ join ", " . }}.
With Prometheus and its operator there,
  global:
    monitoring:
      enabled: true
  telemetry:
    prometheus-adapter:
      enabled: true
brings it; KEDA (autoscaling.kind) needs neither.
{{- end -}}
{{- end -}}
