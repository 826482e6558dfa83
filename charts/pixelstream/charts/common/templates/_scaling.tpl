{{/*
A PodDisruptionBudget from `podDisruptionBudget`; minAvailable wins over maxUnavailable, since the API takes
one only. Usage: {{ include "pixelstream.pdb" (dict "context" . "spec" .Values.podDisruptionBudget) }}
Optional keys: selector (text), name, labels.
*/}}
{{- define "pixelstream.pdb" -}}
{{- if and .spec (ne (toString .spec.enabled) "false") -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "pixelstream.metadata" (dict "context" .context "name" .name "labels" .labels) | nindent 2 }}
spec:
  {{- if kindIs "invalid" .spec.minAvailable }}
  maxUnavailable: {{ .spec.maxUnavailable }}
  {{- else }}
  minAvailable: {{ .spec.minAvailable }}
  {{- end }}
  selector:
    matchLabels:
      {{- .selector | default (include "pixelstream.selectorLabels" .context) | nindent 6 }}
{{- end -}}
{{- end -}}

{{/*
A HorizontalPodAutoscaler (autoscaling/v2) of a Deployment.
Usage: {{ include "pixelstream.hpa" (dict "context" . "target" $name "min" 1 "max" 4 "metrics" $metrics "behavior" $behavior) }}
Optional keys: name, labels.
*/}}
{{- define "pixelstream.hpa" -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  {{- include "pixelstream.metadata" (dict "context" .context "name" (.name | default .target) "labels" .labels) | nindent 2 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ .target }}
  minReplicas: {{ int64 .min }}
  maxReplicas: {{ int64 .max }}
  metrics:
    {{- toYaml .metrics | nindent 4 }}
  {{- with .behavior }}
  behavior:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
