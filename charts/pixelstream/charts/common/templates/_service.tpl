{{/*
A whole Service. Usage: {{ include "pixelstream.service" (dict "context" . "ports" (list (dict "name" "http" "port" 80 "targetPort" "http"))) }}
Optional keys: name, labels, selector (text), headless, unready (true sends to pods that aren't ready, too). Type, class, traffic policy, source ranges and annotations
come from `service` of the chart's values; of a headless one only the annotations.
*/}}
{{- define "pixelstream.service" -}}
{{- $values := .context.Values.service | default dict -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "pixelstream.metadata" (dict "context" .context "name" .name "labels" .labels "annotations" $values.annotations) | nindent 2 }}
spec:
  {{- if .headless }}
  clusterIP: None
  {{- else }}
  type: {{ $values.type | default "ClusterIP" }}
  {{- range $key := list "loadBalancerClass" "externalTrafficPolicy" "loadBalancerSourceRanges" }}
  {{- with index $values $key }}
  {{- toYaml (dict $key .) | nindent 2 }}
  {{- end }}
  {{- end }}
  {{- end }}
  {{- if .unready }}
  publishNotReadyAddresses: true
  {{- end }}
  selector:
    {{- .selector | default (include "pixelstream.selectorLabels" .context) | nindent 4 }}
  ports:
    {{- toYaml .ports | nindent 4 }}
{{- end -}}

{{/*
A headless Service by which the matchmaker finds streams: its EndpointSlices say which are there and ready.
Usage: {{ include "pixelstream.discovery" (dict "context" . "name" $name "fleet" $fleet "selector" $selector) }}
*/}}
{{- define "pixelstream.discovery" -}}
{{- $labels := dict "pixelstream.io/fleet" .fleet "pixelstream.io/discovery" "true" -}}
{{- $ports := list (dict "name" "http" "port" 3000 "targetPort" "http") -}}
{{- include "pixelstream.service" (dict "context" .context "name" .name "labels" $labels "selector" .selector "headless" true "ports" $ports) -}}
{{- end -}}
