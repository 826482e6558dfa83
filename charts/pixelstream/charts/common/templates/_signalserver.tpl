{{/*
Configuration of a signalserver, as YAML: what the chart alone knows, overlaid with `config`.
Usage: {{ include "pixelstream.signalserverConfig" (dict "context" . "config" .Values.config "fleet" "default" "engine" "auto" "grace" 14400) }}
Optional keys: exposed (true for streamers that come from beyond the pod), reset. The stream's id is the pod's name; see
"pixelstream.signalserverContainer".
*/}}
{{- define "pixelstream.signalserverConfig" -}}
{{- $keys := "/etc/pixelstream/keys" -}}
{{- $ours := dict
      "streamers" (dict "engine" (toString .engine))
      "sfu" (dict "enabled" false)
      "stream" (dict "fleet" .fleet)
      "auth" (dict "lease" "required")
      "ice" (dict "turnApi" (printf "http://%s:3000" (include "pixelstream.peer" (list .context "turn-api"))))
      "matchmaker" (dict "url" (printf "ws://%s:3000" (include "pixelstream.peer" (list .context "matchmaker"))))
      "drain" (dict "deadline" (max 0 (sub (int64 .grace) 30)))
      "controlKeyFile" (printf "%s/control-key" $keys)
      "leaseKeysFile" (printf "%s/lease-keys" $keys) -}}
{{- with .reset }}{{ $_ := set $ours "reset" . }}{{ end -}}
{{- if .exposed -}}
{{- $_ := set $ours.streamers "host" "0.0.0.0" -}}
{{- $_ := set $ours.sfu "host" "0.0.0.0" -}}
{{- $_ := set $ours "streamerTokenFile" (printf "%s/streamer-token" $keys) -}}
{{- end -}}
{{- include "pixelstream.overlay" (list $ours .config) -}}
{{- end -}}

{{/*
The signalserver's container, for a pod that has the volumes "keys" and `volume`.
Usage: {{ include "pixelstream.signalserverContainer" (dict "context" $ "values" $values "volume" "config" "native" true) | nindent 8 }}
"values" has image, resources, containerSecurityContext, extraEnv, extraEnvFrom, extraVolumeMounts, lifecycle and
probes: the caller's .Values are another chart's. With "native" it is a sidecar of Kubernetes' own kind: it starts
before the streamer and ends after it, so it is told to drain by its preStop hook, which runs at once.
*/}}
{{- define "pixelstream.signalserverContainer" -}}
{{- $values := .values -}}
{{- if and .native (not $values.lifecycle) -}}
{{- $drain := dict "preStop" (dict "exec" (dict "command" (list "/bin/sh" "-c" "kill -USR1 1"))) -}}
{{- $values = mergeOverwrite (deepCopy $values) (dict "lifecycle" $drain) -}}
{{- end -}}
{{- $stream := dict "name" "PIXELSTREAM_STREAM_ID" "valueFrom" (dict "fieldRef" (dict "fieldPath" "metadata.name")) -}}
{{- /* From Kubernetes 1.35 on pods have this label of their node; before, the variable is empty. */ -}}
{{- $zone := dict "name" "PIXELSTREAM_ZONE" "valueFrom" (dict "fieldRef" (dict "fieldPath" "metadata.labels['topology.kubernetes.io/zone']")) -}}
- name: signalserver
  {{- if .native }}
  restartPolicy: Always
  {{- end }}
  {{- include "pixelstream.container" (dict "context" .context "values" $values "env" (list $stream $zone)) | nindent 2 }}
  args: [signalserver, --config, /etc/pixelstream/config.yaml]
  ports:
    - {name: http, containerPort: 3000}
    {{- range .ports }}
    - {name: {{ .name }}, containerPort: {{ .port }}}
    {{- end }}
  startupProbe:
    {{- include "pixelstream.probe" (list "/healthz" "http" $values.probes.startup) | nindent 4 }}
  livenessProbe:
    {{- include "pixelstream.probe" (list "/healthz" "http" $values.probes.liveness) | nindent 4 }}
  readinessProbe:
    {{- include "pixelstream.probe" (list "/readyz" "http" $values.probes.readiness) | nindent 4 }}
  volumeMounts:
    {{- include "pixelstream.configMounts" (dict "volume" .volume) | nindent 4 }}
    {{- with $values.extraVolumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}
