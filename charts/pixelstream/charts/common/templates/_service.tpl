{{/*
A whole Service. Usage: {{ include "pixelstream.service" (dict "context" . "ports" (list (dict "name" "http" "port" 80 "targetPort" "http"))) }}
Optional keys: name, selector (text), headless, publishNotReady, labels.
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
  publishNotReadyAddresses: {{ .publishNotReady | default false }}
  {{- else }}
  type: {{ $values.type | default "ClusterIP" }}
  {{- with $values.loadBalancerClass }}
  loadBalancerClass: {{ . }}
  {{- end }}
  {{- with $values.externalTrafficPolicy }}
  externalTrafficPolicy: {{ . }}
  {{- end }}
  {{- end }}
  selector:
    {{- .selector | default (include "pixelstream.selectorLabels" .context) | nindent 4 }}
  ports:
    {{- toYaml .ports | nindent 4 }}
{{- end -}}
