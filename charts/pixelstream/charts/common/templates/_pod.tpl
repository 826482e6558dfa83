{{/*
Security context of a pod, passing Pod Security "restricted". Usage: {{ include "pixelstream.podSecurity" . | nindent 8 }}
*/}}
{{- define "pixelstream.podSecurity" -}}
{{- $ours := dict "runAsNonRoot" true "runAsUser" 10001 "runAsGroup" 10001 "fsGroup" 10001 "seccompProfile" (dict "type" "RuntimeDefault") -}}
{{- include "pixelstream.security" (list $ours .Values.podSecurityContext) -}}
{{- end -}}

{{/*
Security context of a container, passing Pod Security "restricted". Usage: {{ include "pixelstream.containerSecurity" . | nindent 12 }}
*/}}
{{- define "pixelstream.containerSecurity" -}}
{{- $ours := dict "allowPrivilegeEscalation" false "readOnlyRootFilesystem" true "capabilities" (dict "drop" (list "ALL")) -}}
{{- include "pixelstream.security" (list $ours .Values.containerSecurityContext) -}}
{{- end -}}

{{/*
Our security context overlaid with the user's; a null of his takes a key away, as OpenShift wants it for runAsUser.
Usage: {{ include "pixelstream.security" (list $ours .Values.podSecurityContext) }}
*/}}
{{- define "pixelstream.security" -}}
{{- $all := mergeOverwrite (deepCopy (index . 0)) (deepCopy (index . 1 | default dict)) -}}
{{- range $key, $value := $all }}{{ if kindIs "invalid" $value }}{{ $_ := unset $all $key }}{{ end }}{{ end -}}
{{- toYaml $all -}}
{{- end -}}

{{/*
Labels and annotations of a pod template.
Usage: {{ include "pixelstream.podMetadata" (dict "context" . "config" $config) | nindent 6 }}
Optional keys: labels, annotations.
*/}}
{{- define "pixelstream.podMetadata" -}}
{{- $values := .context.Values -}}
{{- $labels := merge (deepCopy (.labels | default dict)) (deepCopy ($values.podLabels | default dict)) -}}
labels:
  {{- include "pixelstream.labels" (dict "context" .context "labels" $labels) | nindent 2 }}
annotations:
  {{- include "pixelstream.checksum" .config | nindent 2 }}
  {{- with merge (deepCopy ($values.podAnnotations | default dict)) (deepCopy (.annotations | default dict)) (deepCopy ($values.global.commonAnnotations | default dict)) }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/*
What a pod's spec says beside its containers: identity, security, grace, where it may run.
Usage: {{ include "pixelstream.podSpec" (dict "context" .) | nindent 6 }}
Optional keys: selector (text), token (true mounts the ServiceAccount's token).
*/}}
{{- define "pixelstream.podSpec" -}}
{{- $values := .context.Values -}}
serviceAccountName: {{ include "pixelstream.serviceAccountName" .context }}
automountServiceAccountToken: {{ .token | default false }}
enableServiceLinks: false
{{- include "pixelstream.pullSecrets" .context }}
securityContext:
  {{- include "pixelstream.podSecurity" .context | nindent 2 }}
{{- with $values.terminationGracePeriodSeconds }}
terminationGracePeriodSeconds: {{ int64 . }}
{{- end }}
{{- include "pixelstream.scheduling" (list .context (.selector | default (include "pixelstream.selectorLabels" .context))) }}
{{- end -}}

{{/*
Where a pod may run: node selector, affinity, tolerations, spread, priority, runtime class; spread over
zones if nothing else is said, and constraints without a selector are meant for these pods. Usage: {{ include "pixelstream.scheduling" (list . $selectorLabels) }}
*/}}
{{- define "pixelstream.scheduling" -}}
{{- $values := (index . 0).Values -}}
{{- range $key := list "nodeSelector" "affinity" "tolerations" "priorityClassName" "runtimeClassName" }}
{{- with index $values $key }}
{{ toYaml (dict $key .) }}
{{- end }}
{{- end }}
topologySpreadConstraints:
{{- $zones := dict "maxSkew" 1 "topologyKey" "topology.kubernetes.io/zone" "whenUnsatisfiable" "ScheduleAnyway" }}
{{- $ours := dict "labelSelector" (dict "matchLabels" (index . 1 | fromYaml)) }}
{{- range $values.topologySpreadConstraints | default (list $zones) }}
  - {{- toYaml (merge (deepCopy .) $ours) | nindent 4 }}
{{- end }}
{{- end -}}

{{/*
An HTTP probe with its values' timings. Usage: {{ include "pixelstream.probe" (list "/healthz" "http" .Values.probes.liveness) }}
*/}}
{{- define "pixelstream.probe" -}}
{{- toYaml (mergeOverwrite (dict "httpGet" (dict "path" (index . 0) "port" (index . 1))) (deepCopy (index . 2 | default dict))) -}}
{{- end -}}
