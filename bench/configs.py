"""Configuration of the proxies under measurement: each does the same, with little else.

One port, one backend, one thread, connections to the backend kept, no access log. TLS is version
1.3 with an ECDSA P-256 certificate and AES-128-GCM; Envoy alone chooses its suite itself.
"""

SUITE = "TLS_AES_128_GCM_SHA256"

LINKERPY = """
admin: {{ip: 127.0.0.1, port: {admin}}}
routers:
- protocol: {protocol}
  label: bench
  dtab: /svc => /$/inet/127.0.0.1/{backend}
  servers:
  - ip: 127.0.0.1
    port: {port}
"""

LINKERPY_SERVER = {
    "http": "",
    "https": f"""
    tls:
      certPath: {{certs}}/localhost.pem
      keyPath: {{certs}}/localhost.key
      protocols: [TLSv1.3]
      ciphers: [{SUITE}]
""",
    "tcp": """
    dstName: /svc/bench
""",
}

NGINX = """
daemon off;
master_process off;
pid {root}/nginx.pid;
error_log stderr error;
worker_rlimit_nofile 20000;
events {{ worker_connections 19000; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  client_max_body_size 0;
  client_body_temp_path {root}/body;
  proxy_temp_path {root}/proxy;
  fastcgi_temp_path {root}/fastcgi;
  uwsgi_temp_path {root}/uwsgi;
  scgi_temp_path {root}/scgi;
  {http}
}}
"""

NGINX_FORWARD = """
  upstream backend {{
    server 127.0.0.1:{backend};
    keepalive 128;
    keepalive_requests 1000000000;
  }}
  server {{
    {listen}
    location / {{
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
    }}
  }}
"""

NGINX_LISTEN = {
    "http": "listen 127.0.0.1:{port};",
    "https": f"""listen 127.0.0.1:{{port}} ssl;
    ssl_certificate {{certs}}/localhost.pem;
    ssl_certificate_key {{certs}}/localhost.key;
    ssl_protocols TLSv1.3;
    ssl_conf_command Ciphersuites {SUITE};
    ssl_session_tickets on;""",
}

BACKEND = """
  server {{
    listen 127.0.0.1:{port};
    root {root}/html;
    location = / {{ return 200 "{small}"; }}
    location = /kilobyte {{ return 200 "{kilobyte}"; }}
    location = /sink {{  # answers when it has read all
      client_body_buffer_size 2m;
      proxy_pass http://127.0.0.1:{port}/;
      proxy_set_body "";
    }}
    location / {{ sendfile on; }}
  }}
"""

HAPROXY = """
global
  nbthread 1
  maxconn 17000
  no strict-limits
defaults
  mode {mode}
  timeout connect 5s
  timeout client 600s
  timeout server 600s
listen bench
  bind 127.0.0.1:{port} {tls}
  {reuse}
  server one 127.0.0.1:{backend}
"""

HAPROXY_TLS = f"ssl crt {{root}}/both.pem ssl-min-ver TLSv1.3 ciphersuites {SUITE}"

ENVOY = """
static_resources:
  listeners:
  - address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}
    filter_chains:
    - filters:
      {filter}
      {tls}
  clusters:
  - name: backend
    circuit_breakers: {{thresholds: [{{max_connections: 20000, max_pending_requests: 20000}}]}}
    load_assignment:
      cluster_name: backend
      endpoints:
      - lb_endpoints:
        - endpoint:
            address: {{socket_address: {{address: 127.0.0.1, port_value: {backend}}}}}
"""

_TYPES = "type.googleapis.com/envoy.extensions"

ENVOY_TLS = f"""transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          "@type": {_TYPES}.transport_sockets.tls.v3.DownstreamTlsContext
          common_tls_context:
            tls_params: {{{{tls_minimum_protocol_version: TLSv1_3}}}}
            tls_certificates:
            - certificate_chain: {{{{filename: "{{certs}}/localhost.pem"}}}}
              private_key: {{{{filename: "{{certs}}/localhost.key"}}}}"""

ENVOY_HTTP = f"""- name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": {_TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: bench
          http_filters:
          - name: envoy.filters.http.router
            typed_config:
              "@type": {_TYPES}.filters.http.router.v3.Router
          route_config:
            virtual_hosts:
            - {{name: all, domains: ["*"], routes: [
                {{match: {{prefix: "/"}}, route: {{cluster: backend}}}}]}}"""

ENVOY_TCP = f"""- name: envoy.filters.network.tcp_proxy
        typed_config:
          "@type": {_TYPES}.filters.network.tcp_proxy.v3.TcpProxy
          stat_prefix: bench
          cluster: backend"""
