{{/*
What every container has beside its command, ports, probes and mounts: image, security context, resources,
lifecycle and the user's environment.
Usage: {{ include "pixelstream.container" (dict "context" .) | nindent 10 }}
Optional keys: values (in place of the chart's own: image, containerSecurityContext, resources, lifecycle,
extraEnv, extraEnvFrom), env (list, before the user's).
*/}}
{{- define "pixelstream.container" -}}
{{- $values := .values | default .context.Values -}}
image: {{ include "pixelstream.image" (list .context $values.image) }}
imagePullPolicy: {{ $values.image.pullPolicy | default "IfNotPresent" }}
securityContext:
  {{- include "pixelstream.containerSecurity" (dict "Values" $values) | nindent 2 }}
{{- with $values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.lifecycle }}
lifecycle:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with concat (.env | default list) ($values.extraEnv | default list) }}
env:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
