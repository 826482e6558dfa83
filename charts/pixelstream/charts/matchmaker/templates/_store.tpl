{{/*
Whether the matchmakers share a store: "true" or nothing. Usage: {{ include "matchmaker.shared" . }}
*/}}
{{- define "matchmaker.shared" -}}
{{- $store := .Values.store -}}
{{- $found := or $store.url .Values.valkey.enabled -}}
{{- $kind := ternary (ternary "valkey" "memory" (not (empty $found))) $store.kind (eq $store.kind "auto") -}}
{{- if eq (dig "store" "kind" $kind .Values.config) "valkey" -}}true{{- end -}}
{{- end -}}

{{/*
How many pods: what is asked for, or two where they share a store. Usage: {{ include "matchmaker.replicas" . }}
*/}}
{{- define "matchmaker.replicas" -}}
{{- if kindIs "invalid" .Values.replicas -}}
{{- ternary 2 1 (eq (include "matchmaker.shared" .) "true") -}}
{{- else -}}
{{- int64 .Values.replicas -}}
{{- end -}}
{{- end -}}

{{/*
The Secret with the store's password; nothing where there is none. Usage: {{ include "matchmaker.storeSecret" . }}
*/}}
{{- define "matchmaker.storeSecret" -}}
{{- if .Values.store.existingSecret -}}
{{- .Values.store.existingSecret -}}
{{- else if and .Values.valkey.enabled (dig "auth" "enabled" false .Values.valkey) -}}
{{- include "pixelstream.fullname" . }}-store
{{- end -}}
{{- end -}}

{{/*
The block `store` of the settings, as YAML; empty for one in memory. Usage: {{ include "matchmaker.store" . | fromYaml }}
*/}}
{{- define "matchmaker.store" -}}
{{- $store := .Values.store -}}
{{- $files := "/etc/pixelstream/store" -}}
{{- if eq (include "matchmaker.shared" .) "true" -}}
kind: valkey
{{- /* The name of the Service as upstream's chart makes it. */}}
{{- $ours := ternary .Release.Name (printf "%s-valkey" .Release.Name) (contains "valkey" .Release.Name) }}
{{- $host := dig "fullnameOverride" "" .Values.valkey | default $ours }}
url: {{ $store.url | default (printf "valkey://%s:6379" ($host | trunc 63 | trimSuffix "-")) | quote }}
prefix: {{ printf "%s-%s" .Release.Namespace (include "pixelstream.stem" .) | trunc 63 | trimSuffix "-" }}
{{- if include "matchmaker.storeSecret" . }}
passwordFile: {{ $files }}/{{ $store.keys.password }}
{{- with $store.keys.username }}
usernameFile: {{ $files }}/{{ . }}
{{- end }}
{{- with $store.keys.sentinelPassword }}
sentinelPasswordFile: {{ $files }}/{{ . }}
{{- end }}
{{- end }}
{{- if $store.tls.existingSecret }}
{{- with $store.tls.authority }}
caFile: {{ $files }}-tls/{{ . }}
{{- end }}
{{- if $store.tls.certificate }}
certificateFile: {{ $files }}-tls/{{ $store.tls.certificate }}
keyFile: {{ $files }}-tls/{{ $store.tls.privateKey }}
{{- end }}
{{- end }}
{{- with $store.tls.serverName }}
serverName: {{ . }}
{{- end }}
{{- end -}}
{{- end -}}

{{/*
Volumes and mounts of these files, as YAML with both keys. Usage: {{ include "matchmaker.storeFiles" . | fromYaml }}
*/}}
{{- define "matchmaker.storeFiles" -}}
{{- $secrets := dict "store" (include "matchmaker.storeSecret" .) "store-tls" .Values.store.tls.existingSecret -}}
volumes:
{{- range $name, $secret := $secrets }}
{{- if $secret }}
  - {name: {{ $name }}, secret: {secretName: {{ $secret }}, defaultMode: 0440}}
{{- end }}
{{- end }}
mounts:
{{- range $name, $secret := $secrets }}
{{- if $secret }}
  - {name: {{ $name }}, mountPath: /etc/pixelstream/{{ $name }}, readOnly: true}
{{- end }}
{{- end }}
{{- end -}}
