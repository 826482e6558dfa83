{{/*
Faults in this chart's values; see "pixelstream.fault". Usage: {{ include "matchmaker.validate" . }}
*/}}
{{- define "matchmaker.validate" -}}
{{- if and (gt (int64 (include "matchmaker.replicas" .)) 1) (ne (include "matchmaker.shared" .) "true") }}
{{- include "pixelstream.fault" (dict "key" "matchmaker.replicas" "wrong" "is above 1, but the matchmakers share no store, so each would seat players at the same streams; let them share one, or have one of them" "yaml" "matchmaker:\n  store:\n    url: valkey://host:6379  # or valkey: {enabled: true}, or replicas: 1") }}
{{- end }}
{{- if and (eq .Values.store.kind "valkey") (not .Values.store.url) (not .Values.valkey.enabled) (not (dig "store" "url" "" .Values.config)) }}
{{- include "pixelstream.fault" (dict "key" "matchmaker.store.kind" "wrong" "is valkey, but nothing says where it is; name it, or have it installed" "yaml" "matchmaker:\n  store:\n    url: valkey://host:6379  # or valkey: {enabled: true}") }}
{{- end }}
{{- if and .Values.store.url .Values.valkey.enabled }}
{{- include "pixelstream.fault" (dict "key" "matchmaker.store.url" "wrong" "names a store elsewhere, and valkey.enabled installs another; keep one of them" "yaml" "matchmaker:\n  valkey:\n    enabled: false") }}
{{- end }}
{{- if and .Values.valkey.enabled .Values.store.existingSecret (contains "matchmaker" (dig "auth" "usersExistingSecret" "" .Values.valkey)) }}
{{- include "pixelstream.fault" (dict "key" "matchmaker.valkey.auth.usersExistingSecret" "wrong" "is the Secret that is made for you, but store.existingSecret names your own; name it here as well" "yaml" (printf "matchmaker:\n  valkey:\n    auth:\n      usersExistingSecret: %s" .Values.store.existingSecret)) }}
{{- end }}
{{- if and .Values.store.tls.certificate (not .Values.store.tls.privateKey) }}
{{- include "pixelstream.fault" (dict "key" "matchmaker.store.tls.privateKey" "wrong" "is empty, but our certificate needs its key" "yaml" "matchmaker:\n  store:\n    tls:\n      certificate: tls.crt\n      privateKey: tls.key") }}
{{- end }}
{{- with dig "legacy" dict .Values.config }}
{{- if and .enabled (not .allow) }}
{{- include "pixelstream.fault" (dict "key" "matchmaker.config.legacy.allow" "wrong" "is empty; name the networks that old signalling servers come from" "yaml" "matchmaker:\n  config:\n    legacy:\n      enabled: true\n      allow: [10.0.0.0/8]") }}
{{- end }}
{{- end }}
{{- if and .Values.valkey.enabled (not (hasKey .Subcharts "valkey")) }}
{{- include "pixelstream.fault" (dict "key" "matchmaker.valkey.enabled" "wrong" "is true, but its chart isn't here; bring it in with this command, or switch it off:" "yaml" "helm dependency update charts/pixelstream/charts/matchmaker") }}
{{- end }}
{{- end -}}
