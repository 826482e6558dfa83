{{/*
The signalserver's container, for a pod that has the volumes "keys" and `volume`.
Usage: {{ include "signalserver.container" (dict "context" $ "values" $values "volume" "config" "native" true) | nindent 8 }}
"values" has image, resources, containerSecurityContext, extraEnv, extraEnvFrom, extraVolumeMounts, lifecycle and
probes: the caller's .Values are another chart's. With "native" it is a sidecar of Kubernetes' own kind: it starts
before the streamer and ends after it, so it is told to drain by its preStop hook, which runs at once.
*/}}
{{- define "signalserver.container" -}}
{{- $values := .values -}}
{{- if and .native (not $values.lifecycle) -}}
{{- $drain := dict "preStop" (dict "exec" (dict "command" (list "/bin/sh" "-c" "kill -USR1 1"))) -}}
{{- $values = mergeOverwrite (deepCopy $values) (dict "lifecycle" $drain) -}}
{{- end -}}
{{- $stream := dict "name" "PIXELSTREAM_STREAM_ID" "valueFrom" (dict "fieldRef" (dict "fieldPath" "metadata.name")) -}}
- name: signalserver
  {{- if .native }}
  restartPolicy: Always
  {{- end }}
  {{- include "pixelstream.container" (dict "context" .context "values" $values "env" (list $stream)) | nindent 2 }}
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
