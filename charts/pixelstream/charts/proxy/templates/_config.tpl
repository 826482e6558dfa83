{{/*
Settings of the gate: the chart's own knowledge under the user's `config`. Usage: {{ include "proxy.config" . }}
*/}}
{{- define "proxy.config" -}}
{{- $own := dict
      "listen" (dict "host" "127.0.0.1" "port" 3001)
      "leaseKeysFile" "/etc/pixelstream/keys/lease-keys"
      "kubernetes" (dict "namespace" .Release.Namespace "selector" (printf "app.kubernetes.io/instance=%s,pixelstream.io/discovery=true" .Release.Name)) -}}
{{- include "pixelstream.overlay" (list $own .Values.config) -}}
{{- end -}}

{{/*
nginx.conf. Where a request goes is said by the gate alone; nothing a client sends names an address.
Usage: {{ include "proxy.nginx" . }}
*/}}
{{- define "proxy.nginx" -}}
worker_processes auto;
# Sockets that are open when a worker is told to go may end by themselves.
worker_shutdown_timeout {{ .Values.terminationGracePeriodSeconds }}s;
pid /tmp/nginx.pid;
# Below this level nginx writes the request's line beside its words, lease and all.
error_log /dev/stderr alert;
events { worker_connections 8192; }
http {
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  server_tokens off;
  # The path is not logged: it has the lease.
  log_format masked escape=json '{"service":"proxy","method":"$request_method","status":$status,"seconds":$request_time,"stream":"$stream","reason":"$reason"}';
  access_log /dev/stdout masked;
  map $http_upgrade $connection_header { default upgrade; "" ""; }
  upstream gate { server 127.0.0.1:3001; keepalive 16; }
  server {
    listen 8080;
    client_max_body_size {{ .Values.nginx.maxBody }};
    proxy_http_version 1.1;
    set $stream "";
    set $reason "";
    # Why a lease was refused, in a word.
    add_header X-Pixelstream-Reason $reason always;
    location = /healthz { access_log off; return 200 "ok\n"; }
    location = /readyz { access_log off; proxy_pass http://gate/readyz; }
    # The gate's, which knows what is refused and why; the router leads nobody here.
    location = /metrics { access_log off; proxy_pass http://gate/metrics; }
    location = /authorize {
      internal;
      proxy_pass http://gate/authorize;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_set_header Connection "";
      proxy_set_header X-Original-Uri $request_uri;
    }
    location ~ ^/s/[A-Za-z0-9_.-]+/ws$ {
      auth_request /authorize;
      auth_request_set $stream $upstream_http_x_pixelstream_stream;
      auth_request_set $address $upstream_http_x_pixelstream_address;
      auth_request_set $reason $upstream_http_x_pixelstream_reason;
      proxy_pass http://$address$request_uri;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_header;
      proxy_set_header Host $host;
      proxy_connect_timeout 3s;
      proxy_read_timeout {{ .Values.nginx.websocketTimeout }}s;
      proxy_send_timeout {{ .Values.nginx.websocketTimeout }}s;
      proxy_buffering off;
    }
    location ~ ^/s/[A-Za-z0-9_.-]+/api/ {
      auth_request /authorize;
      auth_request_set $stream $upstream_http_x_pixelstream_stream;
      auth_request_set $address $upstream_http_x_pixelstream_address;
      auth_request_set $reason $upstream_http_x_pixelstream_reason;
      proxy_pass http://$address$request_uri;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_connect_timeout 3s;
      proxy_read_timeout {{ .Values.nginx.apiTimeout }}s;
    }
    location / { return 404; }
  }
}
{{- end -}}

{{/*
Values of nginx's container. SIGTERM cuts the sockets that are open, so it is told to quit, and no SIGTERM comes before
it has. The pause lets everybody learn that this pod takes nobody new.
Usage: {{ include "proxy.values" . | fromYaml }}
*/}}
{{- define "proxy.values" -}}
{{- $quit := dict "preStop" (dict "exec" (dict "command" (list "/bin/sh" "-c" "sleep 5; nginx -c /etc/pixelstream/nginx.conf -s quit; while [ -e /tmp/nginx.pid ]; do sleep 1; done"))) -}}
{{- toYaml (mergeOverwrite (dict "lifecycle" $quit) (deepCopy .Values)) -}}
{{- end -}}
