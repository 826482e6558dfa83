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
  startupProbe:
    {{- include "pixelstream.probe" (list "/attachedz" 3000 .Values.probes.startup) | nindent 4 }}
  livenessProbe:
    {{- include "pixelstream.probe" (list "/attachedz" 3000 .Values.probes.liveness) | nindent 4 }}
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
