{{/*
Configuration of a signalserver for streamers outside the cluster, as YAML. Usage: {{ include "signalserver.config" . | fromYaml }}
*/}}
{{- define "signalserver.config" -}}
{{- include "pixelstream.signalserverConfig" (dict "context" . "config" .Values.config "fleet" .Values.fleet "engine" "auto" "grace" .Values.terminationGracePeriodSeconds "exposed" true) -}}
{{- end -}}
