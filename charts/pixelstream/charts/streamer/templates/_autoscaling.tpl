{{/*
Speed of scaling: the values', with no tolerance where the cluster knows it (Kubernetes 1.35). An autoscaler ignores
differences below a tenth else, which are ten streams of a hundred. Usage: {{ include "streamer.behavior" (list $ $fleet) }}
*/}}
{{- define "streamer.behavior" -}}
{{- $autoscaling := (index . 1).Values.autoscaling -}}
{{- $ours := dict -}}
{{- if eq (include "streamer.tolerance" .) "0" -}}
{{- $ours = dict "scaleUp" (dict "tolerance" "0") "scaleDown" (dict "tolerance" "0") -}}
{{- end -}}
{{- toYaml (mergeOverwrite $ours (deepCopy ($autoscaling.behavior | default dict))) -}}
{{- end -}}

{{/*
The share of a fleet that its autoscaler may be off without acting; KEDA's own definition of an autoscaler may be older
than the cluster's. Usage: {{ include "streamer.tolerance" (list $ $fleet) }}
*/}}
{{- define "streamer.tolerance" -}}
{{- $new := semverCompare ">=1.35.0-0" (index . 0).Capabilities.KubeVersion.Version -}}
{{- ternary "0" "0.1" (and $new (eq (index . 1).Values.autoscaling.kind "hpa")) -}}
{{- end -}}

{{/*
GPUs of one stream, a share of one where several streams share it; a stream without a GPU counts as one.
Usage: {{ include "streamer.gpus" $values }}
*/}}
{{- define "streamer.gpus" -}}
{{- if has .gpu.mode (list "shared" "label") -}}{{ divf 1 .gpu.streams }}{{- else -}}{{ int64 .gpu.count }}{{- end -}}
{{- end -}}

{{/*
What the matchmaker is told of one fleet, as YAML: pixelstream/settings/fleets.py has the keys.
Usage: {{ include "streamer.sizing" (list $ $fleet) | fromYaml }}
*/}}
{{- define "streamer.sizing" -}}
{{- $fleet := index . 1 -}}
name: {{ $fleet.fleet }}
gpus: {{ include "streamer.gpus" $fleet.Values }}
pricePerGpuHour: {{ $fleet.Values.pricePerGpuHour }}
{{- with $fleet.Values.autoscaling }}
{{- if .enabled }}
scaled: true
tolerance: {{ include "streamer.tolerance" $ }}
minimum: {{ int64 .minReplicas }}
maximum: {{ int64 .maxReplicas }}
{{- toYaml (dict "buffer" .buffer "budget" (.budget | default dict)) | nindent 0 }}
{{- end }}
{{- end }}
{{- end -}}

{{/*
What KEDA asks for a fleet, as a YAML list. Silence is a fault and no zero, so that nobody is scaled away for it.
Usage: {{ include "streamer.triggers" $fleet }}
*/}}
{{- define "streamer.triggers" -}}
{{- $keda := .Values.autoscaling.keda -}}
- type: {{ $keda.trigger }}
  metricType: AverageValue
  {{- if eq $keda.trigger "prometheus" }}
  metadata:
    serverAddress: {{ $keda.prometheusUrl }}
    query: max(pixelstream_streams_wanted{namespace={{ .Release.Namespace | quote }},fleet={{ .fleet | quote }}})
    threshold: "1"
    activationThreshold: "0"
    ignoreNullValues: "false"
  {{- else }}
  metadata:
    url: http://{{ include "pixelstream.peer" (list . "matchmaker") }}.{{ .Release.Namespace }}.svc:3000/api/v1/fleets/{{ .fleet }}
    valueLocation: wanted
    targetValue: "1"
    activationTargetValue: "0"
    authMode: bearer
  authenticationRef:
    name: {{ include "pixelstream.fullname" . }}-keda
  {{- end }}
{{- end -}}

{{/*
Namespaces from which KEDA asks the matchmaker for a fleet, as a YAML list. Usage: {{ include "streamer.askers" . | fromYamlArray }}
*/}}
{{- define "streamer.askers" -}}
{{- $namespaces := list -}}
{{- range $name := include "streamer.fleets" . | fromYamlArray -}}
{{- with (include "streamer.fleet" (list $ $name) | fromYaml).Values.autoscaling -}}
{{- if and .enabled (eq .kind "keda") (eq .keda.trigger "metrics-api") }}{{ $namespaces = append $namespaces .keda.namespace }}{{ end -}}
{{- end -}}
{{- end -}}
{{- toYaml (uniq $namespaces) -}}
{{- end -}}
