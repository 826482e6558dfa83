{{/*
Faults in a fleet's `gpu`: what would run and give no picture, or be shared by more than it can hold.
Usage: {{ include "streamer.gpuFaults" (list $ $values $key $head) }}, with the fleet's key and the YAML down to it
*/}}
{{- define "streamer.gpuFaults" -}}
{{- $values := index . 1 }}
{{- $gpu := $values.gpu }}
{{- $key := printf "%s.gpu" (index . 2) }}
{{- $head := printf "%s      gpu:\n" (index . 3) }}
{{- $model := include "streamer.encoderless" $values }}
{{- if and (ne $gpu.mode "none") $model }}
{{- include "pixelstream.fault" (dict "key" (printf "%s.model" $key) "wrong" (printf "is %s, which has no video encoder (NVENC): streams would start and never show a picture; take one that has, such as T4, L4, A10G or L40S" $model) "yaml" (printf "%s        model: L4" $head)) }}
{{- end }}
{{- if and (or (eq $gpu.mode "mig") (contains "/mig-" $gpu.resource)) (not (regexMatch "[+.]gfx" (printf "%s%s" $gpu.profile $gpu.resource))) }}
{{- include "pixelstream.fault" (dict "key" (printf "%s.profile" $key) "wrong" (printf "is %q, a slice that can neither render nor encode; only profiles with +gfx can, which RTX PRO GPUs have" $gpu.profile) "yaml" (printf "%s        mode: mig\n        profile: 1g.24gb+gfx" $head)) }}
{{- end }}
{{- if eq $gpu.mode "shared" }}
{{- $budget := mul (include "streamer.megabytes" $gpu.memory | int64) (int64 $gpu.streams) }}
{{- $yaml := printf "%s        mode: shared\n        streams: 4\n        memory: 5Gi\n        deviceMemory: 22Gi" $head }}
{{- if lt (int64 $gpu.streams) (int64 2) }}
{{- include "pixelstream.fault" (dict "key" (printf "%s.streams" $key) "wrong" "is 1; say how many streams share a GPU, as the device plugin was told" "yaml" $yaml) }}
{{- end }}
{{- if or (not $gpu.memory) (not $gpu.deviceMemory) }}
{{- include "pixelstream.fault" (dict "key" (printf "%s.memory" $key) "wrong" "is missing: neither time-slicing nor MPS keeps an engine's memory from its neighbours', so say what a stream may use and what a GPU has" "yaml" $yaml) }}
{{- else if gt $budget (include "streamer.megabytes" $gpu.deviceMemory | int64) }}
{{- include "pixelstream.fault" (dict "key" (printf "%s.memory" $key) "wrong" (printf "of %s for each of %d streams is more than the GPU's %s" $gpu.memory (int64 $gpu.streams) $gpu.deviceMemory) "yaml" $yaml) }}
{{- end }}
{{- if gt (int64 $gpu.count) (int64 1) }}
{{- include "pixelstream.fault" (dict "key" (printf "%s.count" $key) "wrong" "must be 1 where GPUs are shared: two shares may be of one GPU, and are no more than one" "yaml" (printf "%s        count: 1" $head)) }}
{{- end }}
{{- end }}
{{- if and (eq $gpu.mode "dra") (not (semverCompare ">=1.34.0-0" (index . 0).Capabilities.KubeVersion.Version)) }}
{{- include "pixelstream.fault" (dict "key" (printf "%s.mode" $key) "wrong" "dra needs Kubernetes 1.34, with ResourceClaims of resource.k8s.io/v1" "yaml" (printf "%s        mode: dedicated" $head)) }}
{{- end }}
{{- if and (eq $gpu.mode "label") (lt (include "streamer.milli" $gpu.nodeCpu | int64) (int64 $gpu.streams)) }}
{{- include "pixelstream.fault" (dict "key" (printf "%s.nodeCpu" $key) "wrong" "is missing: with `label` the scheduler counts CPU in place of GPUs, so say what CPU a node has for streams, and how many `streams` its GPUs carry" "yaml" (printf "%s        mode: label\n        nodeCpu: 15\n        streams: 4" $head)) }}
{{- end }}
{{- end -}}

{{/*
The model without a video encoder that a fleet asks for, by name or by the label of GPU feature discovery, or nothing.
Usage: {{ include "streamer.encoderless" $values }}
*/}}
{{- define "streamer.encoderless" -}}
{{- $nodes := toJson (dig "nodeAffinity" dict (.affinity | default dict)) -}}
{{- $asked := list .gpu.model (get (.nodeSelector | default dict) "nvidia.com/gpu.product") -}}
{{- if and (contains "nvidia.com/gpu.product" $nodes) (not (contains "NotIn" $nodes)) }}{{ $asked = append $asked $nodes }}{{ end -}}
{{- regexFind "(A30|A100|A800|H20|H100|H200|H800|GH200|B100|B200|B300|GB200|GB300)($|[^0-9A-Z])" (join " " $asked | upper | printf " %s") | regexFind "[A-Z]+[0-9]+" -}}
{{- end -}}
