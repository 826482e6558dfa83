{{/*
Faults in this chart's values; see "pixelstream.fault". Usage: {{ include "streamer.validate" . }}
*/}}
{{- define "streamer.validate" -}}
{{- range $name := include "streamer.fleets" . | fromYamlArray }}
{{- $fleet := include "streamer.fleet" (list $ $name) | fromYaml }}
{{- $values := $fleet.Values }}
{{- $key := printf "streamer.fleets.%s" $name }}
{{- $head := printf "streamer:\n  fleets:\n    %s:\n" $name }}
{{- if not (regexMatch "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$" $name) }}
{{- include "pixelstream.fault" (dict "key" $key "wrong" "is no name for Kubernetes objects: lower-case letters, digits and dashes" "yaml" (printf "streamer:\n  fleets:\n    %s: {}" (regexReplaceAll "[^a-z0-9]+" (lower $name) "-" | trimAll "-" | default "default"))) }}
{{- end }}
{{- if has $name (list "fleets" "keda") }}
{{- include "pixelstream.fault" (dict "key" $key "wrong" "is the name of another object of this chart; take another" "yaml" "streamer:\n  fleets:\n    default: {}") }}
{{- end }}
{{- if gt (len $fleet.name) 50 }}
{{- include "pixelstream.fault" (dict "key" $key "wrong" (printf "makes names too long (%s has more than 50 letters); shorten it, or the release's" $fleet.name) "yaml" "global:\n  fullnameOverride: px") }}
{{- end }}
{{- if and (eq $values.kind "unreal") (eq $values.image.repository "pixelstream") }}
{{- include "pixelstream.fault" (dict "key" (printf "%s.image" $key) "wrong" "must name your image of Unreal Engine, since the kind is unreal" "yaml" (printf "%s      kind: unreal\n      image:\n        registry: registry.example.com\n        repository: my/game\n        tag: \"1\"" $head)) }}
{{- end }}
{{- if $values.autoscaling.enabled }}{{ include "streamer.autoscalingFaults" (list $ $values $key $head) }}{{ end }}
{{- if and (eq $values.reset.kind "rest") (not (dig "control" "url" "" $fleet.signalserver)) }}
{{- include "pixelstream.fault" (dict "key" (printf "%s.reset" $key) "wrong" "asks the streamer's REST API, of which nobody knows the address" "yaml" (printf "%s      signalserver:\n        config:\n          control: {url: \"http://127.0.0.1:30010\"}" $head)) }}
{{- end }}
{{- if and (eq $values.reset.kind "message") (not (dig "message" "type" "" $values.reset)) }}
{{- include "pixelstream.fault" (dict "key" (printf "%s.reset" $key) "wrong" "sends a message, but none with a type is given" "yaml" (printf "%s      reset: {kind: message, message: {type: resetLevel}}" $head)) }}
{{- end }}
{{- include "streamer.gpuFaults" (list $ $values $key $head) }}
{{- if lt (int64 $values.terminationGracePeriodSeconds) (int64 60) }}
{{- include "pixelstream.fault" (dict "key" (printf "%s.terminationGracePeriodSeconds" $key) "wrong" "leaves players no time to end; write at least 60" "yaml" (printf "%s      terminationGracePeriodSeconds: 14400" $head)) }}
{{- end }}
{{- end }}
{{- end -}}
