{{/*
What an operator must know about Karpenter, where the cluster has it: with one of its gates it writes and removes the
deletion cost of pods itself. Usage: {{ include "matchmaker.karpenter" . }}
*/}}
{{- define "matchmaker.karpenter" -}}
{{- if .Capabilities.APIVersions.Has "karpenter.sh/v1" -}}
WARNING: this cluster runs Karpenter. Its feature gate PodDeletionCostManagement must stay off: it removes
pod-deletion-cost from pods beside taken streams, so that a fleet that shrinks may end one of these. Whether that
happens stands under `warnings` of /api/v1/health.
{{- end -}}
{{- end -}}
