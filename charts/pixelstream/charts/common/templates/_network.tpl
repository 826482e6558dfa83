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
A NetworkPolicy rule, as YAML: components of this release and TCP ports, in ("from") or out ("to").
Usage: {{ include "pixelstream.netpolRule" (list . "from" (list "proxy" "matchmaker") (list 3000)) | fromYaml }}
*/}}
{{- define "pixelstream.netpolRule" -}}
{{- $context := index . 0 -}}
{{ index . 1 }}:
{{- range index . 2 }}
  - {{- include "pixelstream.netpolPeer" (list $context .) | nindent 4 }}
{{- end }}
ports:
{{- range index . 3 }}
  - {protocol: TCP, port: {{ . }}}
{{- end }}
{{- end -}}

{{/*
A NetworkPolicy rule, as YAML: in from the edge, which is our router, the pod of `helm test`, and what
`global.networkPolicy.edge` names: pods of a gateway or an ingress controller elsewhere. Usage: {{ include "pixelstream.netpolEdge" (list . 8080) | fromYaml }}
*/}}
{{- define "pixelstream.netpolEdge" -}}
{{- $context := index . 0 -}}
from:
  - {{- include "pixelstream.netpolPeer" (list $context "router") | nindent 4 }}
  - {{- include "pixelstream.netpolPeer" (list $context "test") | nindent 4 }}
  {{- with $context.Values.global.networkPolicy.edge }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
ports:
  - {protocol: TCP, port: {{ index . 1 }}}
{{- end -}}

{{/*
A NetworkPolicy rule, as YAML: out to the API server, which no selector names, at the ports that it has behind
its Service. Usage: {{ include "pixelstream.netpolApiServer" . | fromYaml }}
*/}}
{{- define "pixelstream.netpolApiServer" -}}
ports:
  - {protocol: TCP, port: 443}
  - {protocol: TCP, port: 6443}
{{- end -}}

{{/*
A whole NetworkPolicy for this chart's pods: who may come in at which ports, where they may go.
Usage: {{ include "pixelstream.networkPolicy" (dict "context" . "ingress" $ingress "egress" $egress "metrics" 3000) }}
$ingress and $egress are lists of NetworkPolicy rules; DNS is always allowed on the way out, and Prometheus
to the port "metrics" if monitoring is on. Optional keys: selector (text), name, labels.
*/}}
{{- define "pixelstream.networkPolicy" -}}
{{- $global := .context.Values.global -}}
{{- if $global.networkPolicy.enabled -}}
{{- $values := .context.Values.networkPolicy | default dict -}}
{{- $ingress := .ingress | default list -}}
{{- if and $global.monitoring.enabled .metrics -}}
{{- $prometheus := dict "namespaceSelector" (dict) "podSelector" (dict "matchLabels" (dict "app.kubernetes.io/name" "prometheus")) -}}
{{- $ingress = append $ingress (dict "from" (list $prometheus) "ports" (list (dict "protocol" "TCP" "port" .metrics))) -}}
{{- end -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "pixelstream.metadata" (dict "context" .context "name" .name "labels" .labels) | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- .selector | default (include "pixelstream.selectorLabels" .context) | nindent 6 }}
  policyTypes: [Ingress, Egress]
  {{- with concat $ingress ($values.extraIngress | default list) }}
  ingress:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  egress:
    - ports:
        - {protocol: UDP, port: 53}
        - {protocol: TCP, port: 53}
    {{- with concat (.egress | default list) ($values.extraEgress | default list) }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}
{{- end -}}
