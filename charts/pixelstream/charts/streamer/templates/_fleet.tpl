{{/*
Names of the fleets that there are, as a YAML list. Usage: {{ range include "streamer.fleets" . | fromYamlArray }}
*/}}
{{- define "streamer.fleets" -}}
{{- $names := list -}}
{{- range $name, $fleet := .Values.fleets -}}
{{- if ne (toString (dig "enabled" true ($fleet | default dict))) "false" -}}
{{- $names = append $names $name -}}
{{- end -}}
{{- end -}}
{{- toYaml $names -}}
{{- end -}}

{{/*
One fleet as the context of the library's templates, as YAML: Values are the chart's overlaid with the fleet's, and
Chart and Release are the chart's; beside them `fleet`, `name` of its objects, `selector`, `labels`, the two
configurations `config` and `signalserver`, and of its GPU the `env` and, if it has one, the `claim`.
Usage: {{ $fleet := include "streamer.fleet" (list $ $name) | fromYaml }}
*/}}
{{- define "streamer.fleet" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
{{- $values := mergeOverwrite (deepCopy (omit $root.Values "fleets")) (deepCopy (index $root.Values.fleets $name | default dict)) -}}
{{- $stem := printf "%s-%s" (include "pixelstream.fullname" $root) $name -}}
{{- $gpu := include "streamer.gpu" (list $values $stem) | fromYaml -}}
{{- $_ := mergeOverwrite $values (omit $gpu "env" "claim") -}}
{{- $context := dict
      "Values" $values
      "Chart" (dict "Name" $root.Chart.Name "Version" $root.Chart.Version "AppVersion" $root.Chart.AppVersion)
      "Release" (dict "Name" $root.Release.Name "Namespace" $root.Release.Namespace "Service" $root.Release.Service) -}}
{{- $engine := include "streamer.engine" $values -}}
{{- $signalserver := dict "context" $context "config" $values.signalserver.config "fleet" $name "engine" $engine "grace" $values.terminationGracePeriodSeconds "reset" $values.reset -}}
{{- toYaml (merge $context (dict
      "fleet" $name
      "name" $stem
      "env" ($gpu.env | default list)
      "claim" ($gpu.claim | default "")
      "labels" (dict "pixelstream.io/fleet" $name)
      "selector" (printf "%s\npixelstream.io/fleet: %s" (include "pixelstream.selectorLabels" $root) $name)
      "native" (eq (include "streamer.native" (list $root $values.signalserver.sidecar)) "true")
      "config" (include "streamer.config" (list $name $engine $values.config) | fromYaml)
      "signalserver" (include "pixelstream.signalserverConfig" $signalserver | fromYaml))) -}}
{{- end -}}

{{/*
The engine's version as text: an unquoted 5.0 reaches us as 5. Usage: {{ include "streamer.engine" $values }}
*/}}
{{- define "streamer.engine" -}}
{{- $engine := toString .engine -}}
{{- ternary "5.0" $engine (eq $engine "5") -}}
{{- end -}}

{{/*
"true" if the signalserver is a sidecar of Kubernetes' own kind. Usage: {{ include "streamer.native" (list $ "auto") }}
*/}}
{{- define "streamer.native" -}}
{{- $new := semverCompare ">=1.29.0-0" (index . 0).Capabilities.KubeVersion.Version -}}
{{- or (eq (index . 1) "native") (and (eq (index . 1) "auto") $new) -}}
{{- end -}}

{{/*
Settings of a synthetic streamer, as YAML. Usage: {{ include "streamer.config" (list $fleet $engine .Values.config) }}
*/}}
{{- define "streamer.config" -}}
{{- $ours := dict "streamerId" (index . 0) "title" (trunc 40 (index . 0)) -}}
{{- if ne (index . 1) "auto" }}{{ $_ := set $ours "profile" (index . 1) }}{{ end -}}
{{- include "pixelstream.overlay" (list $ours (index . 2)) -}}
{{- end -}}
