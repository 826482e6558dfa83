{{/*
Values of coturn's container. Its image gives the program NET_BIND_SERVICE, without which in its bounds the kernel
refuses to run it; "restricted" allows that one. It would end at once, so it is told to only when no allocation is left.
Usage: {{ include "turn.values" . | fromYaml }}
*/}}
{{- define "turn.values" -}}
{{- $own := dict
      "containerSecurityContext" (dict "capabilities" (dict "drop" (list "ALL") "add" (list "NET_BIND_SERVICE")))
      "lifecycle" (dict "preStop" (dict "exec" (dict "command" (list "sh" "-c" (include "turn.drain" .))))) -}}
{{- toYaml (mergeOverwrite $own (deepCopy .Values)) -}}
{{- end -}}

{{/*
Shell that goes on while there are allocations: UDP sockets of coturn's user in the range of relayed ports.
turn-api has stopped offering the relay when this begins. Usage: {{ include "turn.drain" . }}
*/}}
{{- define "turn.drain" -}}
busy() {
  cat /proc/net/udp /proc/net/udp6 2>/dev/null | while read -r _ local _ _ _ _ _ user _; do
    case $user in "$(id -u)") port=$((0x${local##*:})) ;; *) continue ;; esac
    if [ "$port" -ge {{ .Values.ports.min }} ] && [ "$port" -le {{ .Values.ports.max }} ]; then echo busy; fi
  done
}
while [ -n "$(busy)" ]; do sleep 2; done
{{- end -}}

{{/*
Ports of the container. Usage: {{ include "turn.ports" . }}
*/}}
{{- define "turn.ports" -}}
- {name: turn-udp, containerPort: {{ .Values.ports.listen }}, protocol: UDP}
- {name: turn-tcp, containerPort: {{ .Values.ports.listen }}}
{{- if .Values.tls.existingSecret }}
- {name: turn-tls, containerPort: {{ .Values.ports.tls }}}
{{- end }}
{{- with .Values.ports.metrics }}
- {name: metrics, containerPort: {{ . }}}
{{- end }}
{{- end -}}

{{/*
Volumes of the pod. Usage: {{ include "turn.volumes" . }}
*/}}
{{- define "turn.volumes" -}}
- name: run
  emptyDir: {medium: Memory, sizeLimit: 16Mi}
- name: base
  configMap:
    name: {{ include "pixelstream.fullname" . }}
- name: keys
  secret:
    secretName: {{ include "pixelstream.secretName" . }}
    defaultMode: 0440
    items:
      - {key: turn-secret, path: turn-secret}
- name: token
  projected:
    defaultMode: 0440
    sources:
      - serviceAccountToken: {path: token, expirationSeconds: 3600}
      - configMap: {name: kube-root-ca.crt, items: [{key: ca.crt, path: ca.crt}]}
      - downwardAPI: {items: [{path: namespace, fieldRef: {fieldPath: metadata.namespace}}]}
{{- with .Values.tls.existingSecret }}
- name: tls
  secret: {secretName: {{ . }}, defaultMode: 0440}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/*
The context of the job that takes the taints away, as YAML: a component of its own, which no relay's selector picks.
Usage: {{ include "turn.untaint" . | fromYaml }}
*/}}
{{- define "turn.untaint" -}}
Chart: {Name: turn-untaint, Version: {{ .Chart.Version | quote }}, AppVersion: {{ .Chart.AppVersion | quote }}}
Release: {Name: {{ .Release.Name }}, Namespace: {{ .Release.Namespace }}, Service: {{ .Release.Service }}}
Values:
  {{- toYaml (pick .Values "global") | nindent 2 }}
{{- end -}}
