{{/*
The pod of both kinds. The node's address is read by an init container, which alone has a token.
Usage: {{ include "turn.pod" (dict "context" . "hostNetwork" true) }}
*/}}
{{- define "turn.pod" -}}
{{- $ := .context -}}
{{- /* turn-api tells clients this address. */ -}}
{{- $address := dict }}{{ with $.Values.externalAddress }}{{ $address = dict "pixelstream.io/turn-address" . }}{{ end -}}
metadata:
  {{- include "pixelstream.podMetadata" (dict "context" $ "config" (include "turn.config" $) "annotations" $address) | nindent 2 }}
spec:
  {{- if .hostNetwork }}
  hostNetwork: true
  dnsPolicy: ClusterFirstWithHostNet
  {{- end }}
  {{- include "pixelstream.podSpec" (dict "context" $) | nindent 2 }}
  initContainers:
    - name: configure
      image: {{ include "pixelstream.image" (list $ $.Values.kubetools) }}
      imagePullPolicy: {{ $.Values.kubetools.pullPolicy }}
      command: [sh, /etc/turn/configure.sh]
      securityContext:
        {{- include "pixelstream.containerSecurity" $ | nindent 8 }}
      env:
        - {name: NODE_NAME, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
        - {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
        - {name: EXTERNAL_ADDRESS, value: {{ $.Values.externalAddress | quote }}}
        - {name: ADDRESS_ANNOTATION, value: {{ $.Values.addressAnnotation | quote }}}
        - {name: TAINT, value: {{ $.Values.taint.enabled | quote }}}
        - {name: HOME, value: /run/turn}
      volumeMounts:
        - {name: base, mountPath: /etc/turn/base.conf, subPath: base.conf, readOnly: true}
        - {name: base, mountPath: /etc/turn/configure.sh, subPath: configure.sh, readOnly: true}
        - {name: keys, mountPath: /etc/turn/keys, readOnly: true}
        - {name: run, mountPath: /run/turn}
        - {name: token, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true}
  containers:
    - name: turn
      {{- include "pixelstream.container" (dict "context" $ "values" (include "turn.values" $ | fromYaml)) | nindent 6 }}
      command: [sh, /etc/turn/run.sh]
      ports:
        {{- include "turn.ports" $ | nindent 8 }}
      readinessProbe:
        tcpSocket: {port: {{ $.Values.ports.listen }}}
        {{- toYaml $.Values.probes.readiness | nindent 8 }}
      livenessProbe:
        tcpSocket: {port: {{ $.Values.ports.listen }}}
        {{- toYaml $.Values.probes.liveness | nindent 8 }}
      volumeMounts:
        - {name: base, mountPath: /etc/turn/run.sh, subPath: run.sh, readOnly: true}
        - {name: run, mountPath: /run/turn}
        {{- if $.Values.tls.existingSecret }}
        - {name: tls, mountPath: /etc/turn/tls, readOnly: true}
        {{- end }}
        {{- with $.Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    {{- with $.Values.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumes:
    {{- include "turn.volumes" $ | nindent 4 }}
{{- end -}}
