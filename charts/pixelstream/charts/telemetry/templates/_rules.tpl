{{/*
What stands in place of [[words]] in files/rules, as YAML: the chart's thresholds, and the release's names. A histogram's
label le is a float even where the limit is a whole number. Usage: {{ include "telemetry.words" . | fromYaml }}
*/}}
{{- define "telemetry.words" -}}
{{- $limit := toString .Values.rules.thresholds.firstFrameSeconds -}}
{{- $own := dict
      "namespace" .Release.Namespace
      "stem" (include "pixelstream.stem" .)
      "firstFrameLe" (ternary $limit (printf "%s.0" $limit) (contains "." $limit)) -}}
{{- toYaml (merge $own (deepCopy .Values.rules.thresholds)) -}}
{{- end -}}

{{/*
All groups of files/rules as YAML: thresholds filled in, alerts that are switched off left out, and each of the others with its
runbook and the user's labels. Usage: {{ include "telemetry.groups" . }}
*/}}
{{- define "telemetry.groups" -}}
{{- $words := include "telemetry.words" . | fromYaml -}}
{{- $groups := list -}}
{{- range $path, $_ := .Files.Glob "files/rules/*.yaml" }}
{{- $text := $.Files.Get $path }}
{{- range $word, $value := $words }}{{ $text = replace (printf "[[%s]]" $word) (toString $value) $text }}{{ end }}
{{- range $group := (fromYaml $text).groups }}
{{- $rules := list }}
{{- range $group.rules }}
{{- if .record }}{{ $rules = append $rules . }}
{{- else if not (has .alert $.Values.rules.disabled) }}
{{- $runbook := printf "%s#%s" $.Values.rules.runbooks (lower .alert) }}
{{- $annotations := merge (dict "runbook_url" $runbook) .annotations }}
{{- $labels := mergeOverwrite (deepCopy .labels) (deepCopy $.Values.rules.alertLabels) }}
{{- $rules = append $rules (merge (dict "annotations" $annotations "labels" $labels) .) }}
{{- end }}
{{- end }}
{{- with $rules }}{{ $groups = append $groups (dict "name" $group.name "rules" .) }}{{ end }}
{{- end }}
{{- end }}
{{- toYaml (dict "groups" $groups) -}}
{{- end -}}

{{/*
How rules are handed over: `auto` is decided by whether the operator's resources are in use. Usage: {{ include "telemetry.rulesKind" . }}
*/}}
{{- define "telemetry.rulesKind" -}}
{{- if ne .Values.rules.kind "auto" }}{{ .Values.rules.kind }}
{{- else }}{{ ternary "PrometheusRule" "none" .Values.global.monitoring.enabled }}{{ end -}}
{{- end -}}
