{{/*
Pods of a component of this release, as a NetworkPolicy peer. Usage: {{ include "pixelstream.netpolPeer" (list . "proxy") }}
*/}}
{{- define "pixelstream.netpolPeer" -}}
podSelector:
  matchLabels:
    app.kubernetes.io/name: {{ index . 1 }}
    app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
{{- end -}}

{{/*
A whole NetworkPolicy for this chart's pods: who may come in at which ports, where they may go.
Usage: {{ include "pixelstream.networkPolicy" (dict "context" . "ingress" $ingress "egress" $egress) }}
$ingress and $egress are lists of NetworkPolicy rules; DNS is always allowed on the way out.
Optional keys: selector (text), name.
*/}}
{{- define "pixelstream.networkPolicy" -}}
{{- if .context.Values.global.networkPolicy.enabled -}}
{{- $values := .context.Values.networkPolicy | default dict -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "pixelstream.metadata" (dict "context" .context "name" .name) | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- .selector | default (include "pixelstream.selectorLabels" .context) | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    {{- toYaml (concat (.ingress | default list) ($values.extraIngress | default list)) | nindent 4 }}
  egress:
    - ports:
        - {protocol: UDP, port: 53}
        - {protocol: TCP, port: 53}
    {{- with concat (.egress | default list) ($values.extraEgress | default list) }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}
{{- end -}}
