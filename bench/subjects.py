"""What is measured: each subject listens on one port and forwards to one backend."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.processes import BenchError, find, free_port

COMPILED = Path(__file__).parents[1] / "build" / "compiled"
"""What `make compiled` makes."""

REPLY = "x" * 127 + "\n"
"""What the backend answers: 128 bytes."""

_NGINX = """
daemon off;
master_process off;
pid {root}/nginx.pid;
error_log stderr error;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path {root}/body;
  proxy_temp_path {root}/proxy;
  fastcgi_temp_path {root}/fastcgi;
  uwsgi_temp_path {root}/uwsgi;
  scgi_temp_path {root}/scgi;
  {http}
}}
"""

_FORWARD = """
  upstream backend {{
    server 127.0.0.1:{backend};
    keepalive 128;
    keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }}
  }}
"""

_LINKERPY = """
admin:
  ip: 127.0.0.1
  port: {admin}
routers:
- protocol: http
  label: bench
  dtab: /svc => /$/inet/127.0.0.1/{backend};
  servers:
  - ip: 127.0.0.1
    port: {port}
"""


@dataclass(frozen=True)
class Subject:
    """A proxy by name, and its command line given (own port, backend's port, directory)."""

    name: str
    command: Callable[[int, int, Path], list[str]]


def backend(port: int, root: Path) -> list[str]:
    """Return the command of the backend all subjects share."""
    answer = f'location / {{ return 200 "{REPLY}"; }}'
    return nginx_command(root, f"server {{ listen 127.0.0.1:{port}; {answer} }}")


def linkerpy(port: int, backend: int, root: Path) -> list[str]:
    """Return the command of the router, as its users run it."""
    return twistd(port, backend, root)


def compiled(port: int, backend: int, root: Path) -> list[str]:
    """Return the command of the router whose data path is compiled."""
    if not COMPILED.is_dir():
        raise BenchError("the compiled copy is missing: make compiled")
    return ["env", f"PYTHONPATH={COMPILED}", *linkerpy(port, backend, root)]


def twistd(port: int, backend: int, root: Path, *options: str) -> list[str]:
    """Return the command of the router with options of twistd's own."""
    config = root / "linkerpy.yml"
    config.write_text(_LINKERPY.format(admin=free_port(), backend=backend, port=port), "utf-8")
    run = [sys.executable, "-P", "-c", "from twisted.scripts.twistd import run; run()"]
    return [*run, "-n", "--pidfile=", *options, "linkerpy", "-c", str(config)]


def nginx(port: int, backend: int, root: Path) -> list[str]:
    """Return the command of NGINX as a reverse proxy: one process, connections kept."""
    return nginx_command(root, _FORWARD.format(port=port, backend=backend))


def twisted_web(port: int, backend: int, _root: Path) -> list[str]:
    """Return the command of twisted.web's own reverse proxy."""
    return [sys.executable, "-m", "bench.reverse_proxy", str(port), str(backend)]


def bare(port: int, backend: int, _root: Path) -> list[str]:
    """Return the command of a proxy on linkerpy's transports that only passes bytes on."""
    return [sys.executable, "-m", "bench.bare", str(port), str(backend)]


def nginx_command(root: Path, http: str) -> list[str]:
    """Return the command of an NGINX with these lines in its `http` block."""
    binary = find("nginx")
    if binary is None:
        raise BenchError("nginx is missing: apt-get install nginx")
    config = root / "nginx.conf"
    config.write_text(_NGINX.format(root=root, http=http), "utf-8")
    return [binary, "-p", str(root), "-c", str(config), "-e", "stderr"]


SUBJECTS = (
    Subject("linkerpy", linkerpy),
    Subject("compiled", compiled),
    Subject("bare", bare),
    Subject("nginx", nginx),
    Subject("twisted.web", twisted_web),
)
