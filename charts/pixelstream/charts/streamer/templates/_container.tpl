{{/*
The streamer's container. Its checks ask the signalserver, since an engine answers none, and it is told to end only
after the signalserver says that no player is left. Usage: {{ include "streamer.container" $fleet | nindent 8 }}
*/}}
{{- define "streamer.container" -}}
{{- $unreal := eq .Values.kind "unreal" -}}
{{- $last := dict "preStop" (dict "httpGet" (dict "path" "/drained" "port" 3000)) -}}
{{- $ours := dict "lifecycle" (.Values.lifecycle | default $last) -}}
{{- if $unreal -}}
{{- $security := dict "readOnlyRootFilesystem" false "runAsUser" 1000 "runAsGroup" 1000 -}}
{{- $_ := set $ours "containerSecurityContext" (mergeOverwrite $security (deepCopy (.Values.containerSecurityContext | default dict))) -}}
{{- end -}}
{{- $env := .env -}}
{{- if $unreal }}{{ $env = concat $env (include "streamer.unreal" .Values | fromYaml).env }}{{ end -}}
- name: streamer
  {{- include "pixelstream.container" (dict "context" . "values" (mergeOverwrite (deepCopy .Values) $ours) "env" $env) | nindent 2 }}
  {{- if not $unreal }}
  args: [streamer, --config, /etc/pixelstream/config.yaml]
  {{- end }}
  {{- include "streamer.probes" . | nindent 2 }}
  volumeMounts:
    - {name: tmp, mountPath: /tmp}
    {{- if not $unreal }}
    {{- include "pixelstream.configMounts" (dict "volume" "streamer" "keys" false) | nindent 4 }}
    {{- end }}
    {{- with .Values.extraVolumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{/*
Checks of the streamer's container. Where it may have to be restarted for a reset, the check of life asks often, and bears
with a missing streamer for as long as the values say all the same. Usage: {{ include "streamer.probes" $fleet }}
*/}}
{{- define "streamer.probes" -}}
{{- $life := .Values.probes.liveness -}}
{{- $first := "/attachedz" -}}
{{- $still := $first -}}
{{- if ne .Values.reset.kind "none" -}}
{{- $first = "/startedz" -}}
{{- $still = printf "/streamerz?missing=%d" (mul (int64 $life.periodSeconds) (int64 $life.failureThreshold)) -}}
{{- $life = mergeOverwrite (deepCopy $life) (dict "periodSeconds" 2 "failureThreshold" 5) -}}
{{- end -}}
startupProbe:
  {{- include "pixelstream.probe" (list $first 3000 .Values.probes.startup) | nindent 2 }}
livenessProbe:
  {{- include "pixelstream.probe" (list $still 3000 $life) | nindent 2 }}
{{- end -}}

{{/*
Environment of Unreal Engine, as YAML: `env: [{name, value}]`. The cap on frames is a flag whose name changed with
version 5; an engine ignores the one that it doesn't know. Usage: {{ (include "streamer.unreal" $values | fromYaml).env }}
*/}}
{{- define "streamer.unreal" -}}
{{- $unreal := .unreal -}}
{{- $engine := include "streamer.engine" . -}}
{{- $flags := list "-PixelStreamingWebRTCMaxFps" "-PixelStreamingWebRTCFps" -}}
{{- if hasPrefix "4." $engine }}{{ $flags = list (first $flags) }}{{ else if ne $engine "auto" }}{{ $flags = rest $flags }}{{ end -}}
{{- $args := $unreal.extraArgs | default list -}}
env:
  - {name: RES_X, value: {{ toString (int64 $unreal.resX) | quote }}}
  - {name: RES_Y, value: {{ toString (int64 $unreal.resY) | quote }}}
  - {name: SIGNAL_URL, value: {{ $unreal.signalUrl | quote }}}
  {{- with int64 $unreal.maxFps }}
  - {name: MAX_FPS, value: {{ toString . | quote }}}
  - {name: FPS_FLAG, value: {{ last $flags | quote }}}
  {{- range $flags }}{{ $args = append $args (printf "%s=%d" . (int64 $unreal.maxFps)) }}{{ end }}
  {{- end }}
  - {name: EXTRA_ARGS, value: {{ join " " $args | quote }}}
{{- end -}}
