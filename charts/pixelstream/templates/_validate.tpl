{{/*
Faults between components, which no single chart sees; see "pixelstream.fault". Usage: {{ include "pixelstream.validate" . }}
*/}}
{{- define "pixelstream.validate" -}}
{{- if and .Values.streamer.enabled (not .Values.matchmaker.enabled) }}
{{- include "pixelstream.fault" (dict "key" "matchmaker.enabled" "wrong" "is false, so nobody could be seated at a stream" "yaml" "matchmaker:\n  enabled: true") }}
{{- end }}
{{- if and .Values.matchmaker.enabled (not .Values.proxy.enabled) }}
{{- include "pixelstream.fault" (dict "key" "proxy.enabled" "wrong" "is false, so no player would get from the matchmaker to a stream" "yaml" "proxy:\n  enabled: true") }}
{{- end }}
{{- if and .Values.turn.enabled (not (index .Values "turn-api" "enabled")) }}
{{- include "pixelstream.fault" (dict "key" "turn-api.enabled" "wrong" "is false, so nobody would be told of the TURN servers" "yaml" "turn-api:\n  enabled: true") }}
{{- end }}
{{- include "pixelstream.validateTurn" . }}
{{- if and .Values.router.enabled .Values.global.networkPolicy.enabled (not .Values.global.networkPolicy.edge) (has (dig "kind" "" .Values.router) (list "gateway" "ingress")) }}
{{- include "pixelstream.fault" (dict "key" "global.networkPolicy.edge" "wrong" (printf "is empty, so your %s could reach neither page nor streams; name its pods, for example by their namespace" .Values.router.kind) "yaml" "global:\n  networkPolicy:\n    edge:\n      - namespaceSelector:\n          matchLabels:\n            kubernetes.io/metadata.name: traefik") }}
{{- end }}
{{- include "pixelstream.validateSecret" . }}
{{- end -}}

{{/*
Whether turn-api looks for the nodes' addresses where the relays do. Usage: {{ include "pixelstream.validateTurn" . }}
*/}}
{{- define "pixelstream.validateTurn" -}}
{{- $api := index .Values "turn-api" }}
{{- $named := .Values.turn.addressAnnotation | default "" }}
{{- $read := dig "config" "sources" "kubernetes" "addressAnnotation" "pixelstream.io/turn-address" $api }}
{{- if and .Values.turn.enabled $api.enabled (eq (.Values.turn.kind | default "") "DaemonSet") (ne $named $read) }}
{{- include "pixelstream.fault" (dict "key" "turn-api.config.sources.kubernetes.addressAnnotation" "wrong" (printf "is %s, but the relays are told the address that turn.addressAnnotation names: %s" $read $named) "yaml" (printf "turn-api:\n  config:\n    sources:\n      kubernetes:\n        addressAnnotation: %s" $named)) }}
{{- end }}
{{- end -}}

{{/*
Faults of the user's own Secret, where the cluster can be asked. Usage: {{ include "pixelstream.validateSecret" . }}
*/}}
{{- define "pixelstream.validateSecret" -}}
{{- with .Values.global.existingSecret }}
{{- $found := lookup "v1" "Secret" $.Release.Namespace . }}
{{- $missing := list }}
{{- range list "control-key" "lease-keys" "turn-secret" "streamer-token" }}
{{- if not (hasKey ($found.data | default dict) .) }}{{ $missing = append $missing . }}{{ end }}
{{- end }}
{{- if and $found $missing }}
{{- include "pixelstream.fault" (dict "key" "global.existingSecret" "wrong" (printf "names the Secret %s, which lacks %s; add what is missing to it:" . (join ", " $missing)) "yaml" "stringData:\n  control-key: any long text\n  lease-keys: '{\"keys\":[{\"kid\":\"1\",\"k\":\"32 bytes or more, base64url\"}]}'\n  turn-secret: any long text\n  streamer-token: any long text") }}
{{- end }}
{{- end }}
{{- end -}}
