{{/*
Faults in this chart's values; see "pixelstream.fault". Usage: {{ include "telemetry.validate" . }}
*/}}
{{- define "telemetry.validate" -}}
{{- range $name := list "prometheus-adapter" "dcgm-exporter" "kube-prometheus-stack" }}
{{- if and (index $.Values $name "enabled") (not (hasKey $.Subcharts $name)) }}
{{- include "pixelstream.fault" (dict "key" (printf "telemetry.%s.enabled" $name) "wrong" "is true, but its chart isn't here; bring it in with this command, or switch it off:" "yaml" "helm dependency update charts/pixelstream/charts/telemetry") }}
{{- end }}
{{- end }}
{{- $alerts := list }}
{{- range $path, $_ := .Files.Glob "files/rules/*.yaml" }}
{{- $alerts = concat $alerts (regexFindAll "alert: [A-Za-z]+" ($.Files.Get $path) -1) }}
{{- end }}
{{- range .Values.rules.disabled }}
{{- if not (has (printf "alert: %s" .) $alerts) }}
{{- include "pixelstream.fault" (dict "key" "telemetry.rules.disabled" "wrong" (printf "names %s, which is no alert; those that there are:" .) "yaml" (join "\n" $alerts)) }}
{{- end }}
{{- end }}
{{- end -}}
