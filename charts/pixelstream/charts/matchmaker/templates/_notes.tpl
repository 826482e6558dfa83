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

{{/*
What an operator must know about the waiting room's store. Usage: {{ include "matchmaker.storeNotes" . }}
*/}}
{{- define "matchmaker.storeNotes" -}}
{{- if ne (include "matchmaker.shared" .) "true" -}}
There is one matchmaker, with its waiting room in memory. While it restarts nobody is seated; sessions go on, and pages
come back to their places. For more than one, set matchmaker.store.url, or matchmaker.valkey.enabled.
{{- else if eq (include "matchmaker.replicas" .) "1" -}}
WARNING: matchmaker.replicas is 1, though its store is shared; two keep the waiting room open when one is gone.
{{- end -}}
{{- end -}}
