{{/*
turnserver.conf without the secret and the addresses, which the init container appends. Usage: {{ include "turn.config" . }}
*/}}
{{- define "turn.config" -}}
listening-port={{ .Values.ports.listen }}
min-port={{ .Values.ports.min }}
max-port={{ .Values.ports.max }}
realm={{ .Values.realm }}
use-auth-secret
fingerprint
stale-nonce=600
no-cli
no-multicast-peers
no-rfc5780
no-tlsv1
no-tlsv1_1
{{- if .Values.tls.existingSecret }}
tls-listening-port={{ .Values.ports.tls }}
cert=/etc/turn/tls/tls.crt
pkey=/etc/turn/tls/tls.key
{{- else }}
no-tls
{{- end }}
no-dtls
{{- range .Values.peers.allow }}
allowed-peer-ip={{ . }}
{{- end }}
{{- range .Values.peers.deny }}
denied-peer-ip={{ . }}
{{- end }}
{{- with .Values.quotas.user }}
user-quota={{ . }}
{{- end }}
{{- with .Values.quotas.total }}
total-quota={{ . }}
{{- end }}
{{- with .Values.quotas.bytesPerSecond }}
max-bps={{ . }}
{{- end }}
{{- with .Values.ports.metrics }}
prometheus
prometheus-port={{ . }}
{{- end }}
pidfile=/run/turn/turnserver.pid
userdb=/run/turn/turndb
log-file=stdout
simple-log
{{- with .Values.extraConfig }}
{{ . }}
{{- end }}
{{- end -}}

{{/*
The init container's script: the node's address, then the whole configuration. Usage: {{ include "turn.configure" . }}
*/}}
{{- define "turn.configure" -}}
set -eu
external="$EXTERNAL_ADDRESS"
if [ -z "$external" ]; then
  external=$(kubectl get node "$NODE_NAME" -o json | jq -r --arg annotation "$ADDRESS_ANNOTATION" '
    def address(type): [.status.addresses[] | select(.type == type) | .address][0];
    .metadata.annotations[$annotation] // address("ExternalIP") // address("InternalIP")')
fi
umask 077
{
  cat /etc/turn/base.conf
  echo
  # Several while one secret takes the other's place, with tabs or line ends between: each of them is accepted.
  tr '\t\r' '\n\n' < /etc/turn/keys/turn-secret |
    sed -n 's/[[:space:]]*$//; s/^[[:space:]]*\([^[:space:]]\)/static-auth-secret=\1/p'
  echo  # the secret's file need not end its last line
  echo "listening-ip=$POD_IP"
  echo "relay-ip=$POD_IP"
  # Clients may be told another address than the one that coturn listens on.
  if [ "$external" != "$POD_IP" ]; then echo "external-ip=$external/$POD_IP"; fi
} > /run/turn/turnserver.conf
if [ "$TAINT" = true ]; then
  kubectl taint node "$NODE_NAME" app.pixel/turn=true:NoSchedule --overwrite
fi
echo "clients reach this relay at $external"
{{- end -}}
