{{/*
What the autoscaler of a fleet reads, as a YAML list. The target is always an AverageValue, so that the wanted number
of streams is the metric itself; a plain Value would be multiplied by the streams that there are.
Usage: {{ include "streamer.metrics" $fleet | fromYamlArray }}
*/}}
{{- define "streamer.metrics" -}}
{{- $metric := .Values.autoscaling.metric -}}
- type: {{ $metric.type }}
  {{ lower $metric.type }}:
    {{- if eq $metric.type "Object" }}
    describedObject:
      apiVersion: v1
      kind: Service
      name: {{ include "pixelstream.peer" (list . "matchmaker") }}
    {{- end }}
    metric:
      name: {{ $metric.name }}
      {{- if ne $metric.type "Pods" }}
      selector:
        matchLabels:
          {{- toYaml (mergeOverwrite (dict "fleet" .fleet) ($metric.labels | default dict)) | nindent 10 }}
      {{- end }}
    target:
      type: AverageValue
      averageValue: {{ $metric.averageValue | quote }}
{{- end -}}
