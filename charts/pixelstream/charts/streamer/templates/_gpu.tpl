{{/*
What a fleet's GPU mode lays over its values, as YAML: resources, tolerations, affinity; beside them `env` and, with
`dra`, `claim`. Usage: {{ include "streamer.gpu" (list $values $name) | fromYaml }}
*/}}
{{- define "streamer.gpu" -}}
{{- $values := index . 0 -}}
{{- $gpu := $values.gpu -}}
{{- if ne $gpu.mode "none" -}}
{{- $resources := dict -}}
{{- $env := list (dict "name" "NVIDIA_DRIVER_CAPABILITIES" "value" "compute,display,graphics,utility,video") -}}
{{- if has $gpu.mode (list "dedicated" "shared" "mig") -}}
{{- $_ := set $resources "limits" (dict (include "streamer.gpuResource" $gpu) (int64 $gpu.count)) -}}
{{- else if eq $gpu.mode "dra" -}}
{{- $_ := set $resources "claims" (list (dict "name" "gpu")) -}}
{{- else -}}
{{- $_ := set $resources "requests" (dict "cpu" (printf "%dm" (div (include "streamer.milli" $gpu.nodeCpu | int64) (int64 $gpu.streams)))) -}}
{{- $env = append $env (dict "name" "NVIDIA_VISIBLE_DEVICES" "value" "all") -}}
{{- end -}}
{{- with $gpu.memory -}}
{{- $env = append $env (dict "name" "GPU_MEMORY_MB" "value" (include "streamer.megabytes" .)) -}}
{{- end -}}
{{- $own := list -}}
{{- range $values.extraEnv }}{{ $own = append $own .name }}{{ end -}}
resources:
  {{- toYaml (mergeOverwrite (deepCopy ($values.resources | default dict)) $resources) | nindent 2 }}
tolerations:
  {{- $taint := dict "key" "nvidia.com/gpu" "operator" "Exists" "effect" "NoSchedule" }}
  {{- toYaml (append ($values.tolerations | default list) $taint | uniq) | nindent 2 }}
{{- if eq $gpu.mode "label" }}
affinity:
  {{- include "streamer.gpuAffinity" $values | nindent 2 }}
{{- end }}
{{- if eq $gpu.mode "dra" }}
claim: {{ printf "%s-gpu" (index . 1) }}
{{- end }}
env:
  {{- range $env }}
  {{- if not (has .name $own) }}
  - {{ toYaml . | nindent 4 | trim }}
  {{- end }}
  {{- end }}
{{- end -}}
{{- end -}}

{{/*
The extended resource that a stream asks for. A MIG profile is one by the device plugin's mixed strategy, which
writes "." for "+". Usage: {{ include "streamer.gpuResource" $values.gpu }}
*/}}
{{- define "streamer.gpuResource" -}}
{{- $profile := printf "nvidia.com/mig-%s" (replace "+" "." .profile) -}}
{{- .resource | default (ternary $profile "nvidia.com/gpu" (eq .mode "mig")) -}}
{{- end -}}

{{/*
The user's affinity with the label of GPU nodes in every term of it, of which one must hold.
Usage: {{ include "streamer.gpuAffinity" $values }}
*/}}
{{- define "streamer.gpuAffinity" -}}
{{- $key := "requiredDuringSchedulingIgnoredDuringExecution" -}}
{{- $affinity := deepCopy (.affinity | default dict) -}}
{{- $label := dict "key" .gpu.label "operator" "Exists" -}}
{{- $terms := list -}}
{{- range dig "nodeAffinity" $key "nodeSelectorTerms" (list (dict)) $affinity -}}
{{- $terms = append $terms (merge (dict "matchExpressions" (append (.matchExpressions | default list) $label)) .) -}}
{{- end -}}
{{- toYaml (mergeOverwrite $affinity (dict "nodeAffinity" (dict $key (dict "nodeSelectorTerms" $terms)))) -}}
{{- end -}}

{{/*
Thousandths of a CPU in an amount. Usage: {{ include "streamer.milli" "15500m" | int64 }}
*/}}
{{- define "streamer.milli" -}}
{{- $text := toString . -}}
{{- if hasSuffix "m" $text }}{{ trimSuffix "m" $text | int64 }}{{ else }}{{ mul (int64 $text) 1000 }}{{ end -}}
{{- end -}}

{{/*
Megabytes, of 2^20 bytes, in an amount. Usage: {{ include "streamer.megabytes" "6Gi" | int64 }}
*/}}
{{- define "streamer.megabytes" -}}
{{- $text := toString . -}}
{{- if hasSuffix "Gi" $text }}{{ mul (trimSuffix "Gi" $text | int64) 1024 }}{{ else }}{{ trimSuffix "Mi" $text | int64 }}{{ end -}}
{{- end -}}
