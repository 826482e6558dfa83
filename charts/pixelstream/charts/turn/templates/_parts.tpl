{{/*
Values of coturn's container. Its image gives the program NET_BIND_SERVICE, without which in its bounds the kernel
refuses to run it; "restricted" allows that one.
Usage: {{ include "turn.values" . | fromYaml }}
*/}}
{{- define "turn.values" -}}
{{- $own := dict
      "containerSecurityContext" (dict "capabilities" (dict "drop" (list "ALL") "add" (list "NET_BIND_SERVICE"))) -}}
{{- toYaml (mergeOverwrite $own (deepCopy .Values)) -}}
{{- end -}}

{{/*
Shell that runs coturn. As process 1 coturn would not hear SIGTERM, and elsewhere it would end at once; here SIGTERM
begins a drain. turn-api offers the relay no more from then on, and who was told of it before gets in for as long as
`drain.settle` says. Then a coturn that can drain is told to: it refuses new allocations and ends with the last of the
old. An older one is ended once it has no UDP socket in the range of relayed ports, which is no allocation.
Usage: {{ include "turn.run" . }}
*/}}
{{- define "turn.run" -}}
mode={{ .Values.drain.mode }}
least={{ int64 .Values.drain.minAllocations }}
known=false
if turnserver --help 2>&1 | grep -q -e --drain-min-allocations; then known=true; fi
if [ $mode = auto ]; then
  # An older coturn would take the signal for its end.
  mode=wait
  if [ $known = true ]; then mode=signal; fi
fi
set -- -c /run/turn/turnserver.conf
if [ $known = true ]; then set -- "$@" --drain-min-allocations="$least"; fi
turnserver "$@" &
relay=$!
allocations() {
  sockets=" $(for file in /proc/$relay/fd/*; do readlink "$file"; done | sed -n 's/^socket:\[\(.*\)]$/\1/p' | tr '\n' ' ')"
  cat /proc/net/udp /proc/net/udp6 2>/dev/null | while read -r _ local _ _ _ _ _ _ _ inode _; do
    case $sockets in *" $inode "*) port=$((0x${local##*:})) ;; *) continue ;; esac
    if [ "$port" -ge {{ .Values.ports.min }} ] && [ "$port" -le {{ .Values.ports.max }} ]; then echo "$port"; fi
  done
}
finish() {
  trap '' TERM
  told=yes
  echo "told to end; allocations: $(allocations | wc -l), drain by $mode"
  sleep {{ int64 .Values.drain.settle }}
  if [ $mode = signal ]; then
    kill -USR1 $relay
  else
    while [ "$(allocations | wc -l)" -gt "$least" ]; do sleep 2; done
    kill $relay
  fi
}
told=
trap finish TERM
wait $relay
status=$?
if [ -n "$told" ]; then
  wait $relay
  status=0
fi
exit $status
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
