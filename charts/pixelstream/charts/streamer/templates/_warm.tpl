{{/*
The context of a fleet's pods that keep nodes warm, as YAML: the fleet's, under a component's name of its own so that no
Service, budget or matchmaker takes them for streams. `$priority` is a class or "", and resources are those of `$asks`.
Usage: {{ include "streamer.warm" (list $ $fleet "image" $priority $asks) | fromYaml }}
*/}}
{{- define "streamer.warm" -}}
{{- $root := index . 0 -}}
{{- $fleet := index . 1 -}}
{{- $values := deepCopy $fleet.Values -}}
{{- $_ := set $values "serviceAccount" (dict "name" (include "pixelstream.serviceAccountName" $root)) -}}
{{- $_ := set $values "image" $values.warm.image -}}
{{- $_ := set $values "priorityClassName" (index . 3) -}}
{{- $_ := set $values "resources" (index . 4) -}}
{{- $_ := set $values "terminationGracePeriodSeconds" 1 -}}
{{- $values = omit $values "extraEnv" "extraEnvFrom" "lifecycle" "runtimeClassName" "podAnnotations" -}}
{{- $chart := dict "Name" (printf "%s-%s" $fleet.Chart.Name (index . 2)) "Version" $fleet.Chart.Version "AppVersion" $fleet.Chart.AppVersion -}}
{{- toYaml (dict "Values" $values "Chart" $chart "Release" $fleet.Release) -}}
{{- end -}}

{{/*
The container that does nothing but be there. Usage: {{ include "streamer.idle" $warm | nindent 8 }}
*/}}
{{- define "streamer.idle" -}}
- name: idle
  {{- include "pixelstream.container" (dict "context" .) | nindent 2 }}
  command: [sleep, infinity]
{{- end -}}

{{/*
The class of lowest priority, made unless `warm.priorityClassName` names one. A class is the whole cluster's, hence the
namespace in it. Usage: {{ include "streamer.placeholderClass" (list $ $values) }}
*/}}
{{- define "streamer.placeholderClass" -}}
{{- $made := printf "%s-%s-placeholder" (index . 0).Release.Namespace (include "pixelstream.fullname" (index . 0)) -}}
{{- (index . 1).warm.priorityClassName | default $made -}}
{{- end -}}
