{{/*
A PodDisruptionBudget. Usage: {{ include "pixelstream.pdb" (dict "context" . "spec" .Values.podDisruptionBudget) }}
Optional keys: selector (text), name.
*/}}
{{- define "pixelstream.pdb" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "pixelstream.metadata" (dict "context" .context "name" .name) | nindent 2 }}
spec:
  {{- toYaml .spec | nindent 2 }}
  selector:
    matchLabels:
      {{- .selector | default (include "pixelstream.selectorLabels" .context) | nindent 6 }}
{{- end -}}

{{/*
A HorizontalPodAutoscaler (autoscaling/v2) of a Deployment.
Usage: {{ include "pixelstream.hpa" (dict "context" . "target" $name "min" 1 "max" 4 "metrics" $metrics "behavior" $behavior) }}
Optional key: name.
*/}}
{{- define "pixelstream.hpa" -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  {{- include "pixelstream.metadata" (dict "context" .context "name" (.name | default .target)) | nindent 2 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ .target }}
  minReplicas: {{ .min }}
  maxReplicas: {{ .max }}
  metrics:
    {{- toYaml .metrics | nindent 4 }}
  {{- with .behavior }}
  behavior:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
