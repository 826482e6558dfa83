{{/*
Faults in a fleet's `autoscaling`: what the API server would refuse, or what would never act.
Usage: {{ include "streamer.autoscalingFaults" (list $ $values $key $head) }}, with the fleet's key and the YAML down to it
*/}}
{{- define "streamer.autoscalingFaults" -}}
{{- $values := index . 1 }}
{{- $key := printf "%s.autoscaling" (index . 2) }}
{{- $head := printf "%s      autoscaling:\n" (index . 3) }}
{{- with $values.autoscaling }}
{{- if gt (int64 .minReplicas) (int64 .maxReplicas) }}
{{- include "pixelstream.fault" (dict "key" $key "wrong" "has minReplicas above maxReplicas" "yaml" (printf "%s        enabled: true\n        minReplicas: 1\n        maxReplicas: 10" $head)) }}
{{- end }}
{{- if and (eq .kind "hpa") (eq (int64 .minReplicas) (int64 0)) }}
{{- if eq .metric.type "Pods" }}
{{- include "pixelstream.fault" (dict "key" (printf "%s.metric.type" $key) "wrong" "is Pods, which says nothing where there are none, so the fleet would never leave 0; take a metric of the matchmaker" "yaml" (printf "%s        minReplicas: 0\n        metric: {type: External, name: pixelstream_streams_wanted}" $head)) }}
{{- else if not (or .zeroGate (semverCompare ">=1.37.0-0" (index $ 0).Capabilities.KubeVersion.Version)) }}
{{- include "pixelstream.fault" (dict "key" (printf "%s.minReplicas" $key) "wrong" (printf "is 0, which a HorizontalPodAutoscaler takes from Kubernetes 1.37 on (this is %s), or where the feature gate HPAScaleToZero is on: then say so; or let KEDA scale" (index $ 0).Capabilities.KubeVersion.Version) "yaml" (printf "%s        minReplicas: 0\n        zeroGate: true   # or kind: keda" $head)) }}
{{- end }}
{{- end }}
{{- if and (eq .kind "keda") (eq .keda.trigger "prometheus") (not .keda.prometheusUrl) }}
{{- include "pixelstream.fault" (dict "key" (printf "%s.keda.prometheusUrl" $key) "wrong" "is empty; say where Prometheus answers, or let KEDA ask the matchmaker" "yaml" (printf "%s        keda:\n          trigger: prometheus\n          prometheusUrl: http://prometheus-operated.monitoring.svc:9090" $head)) }}
{{- end }}
{{- with .budget.gpuHoursPerDay }}
{{- $least := mulf $values.autoscaling.minReplicas (include "streamer.gpus" $values | float64) 24 }}
{{- if gt $least (float64 .) }}
{{- include "pixelstream.fault" (dict "key" (printf "%s.budget.gpuHoursPerDay" $key) "wrong" (printf "is %v, but the fewest streams (minReplicas) alone use %v GPU-hours a day, and they are always there" . $least) "yaml" (printf "%s        minReplicas: 1\n        budget:\n          gpuHoursPerDay: 100" $head)) }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}
