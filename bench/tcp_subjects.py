"""TCP proxies to measure: each passes the bytes of one port on to one backend."""

import sys
from pathlib import Path

from bench.processes import BenchError, find, free_port
from bench.subjects import Subject, nginx_command

KILOBYTE = "x" * 1023 + "\n"
"""What the backend answers."""

GIGABYTE = 1 << 30

_LINKERPY = """
admin: {{ip: 127.0.0.1, port: {admin}}}
routers:
- protocol: tcp
  label: bench
  dtab: /svc/bench => /$/inet/127.0.0.1/{backend};
  servers:
  - {{ip: 127.0.0.1, port: {port}, dstName: /svc/bench}}
"""

_HAPROXY = """
global
  nbthread 1
  maxconn 4000
defaults
  mode tcp
  {option}
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen bench
  bind 127.0.0.1:{port}
  server one 127.0.0.1:{backend}
"""


def backend(port: int, root: Path) -> list[str]:
    """Return the command of the backend: a kilobyte at `/`, a gigabyte at `/big`."""
    html = root / "html"
    html.mkdir()
    with (html / "big").open("wb") as big:
        big.truncate(GIGABYTE)
    answer = f'location = / {{ return 200 "{KILOBYTE}"; }} location /big {{ sendfile on; }}'
    return nginx_command(root, f"server {{ listen 127.0.0.1:{port}; root {html}; {answer} }}")


def linkerpy(port: int, upstream: int, root: Path) -> list[str]:
    """Return the command of a TCP router with all its defaults."""
    config = root / "linkerpy.yml"
    text = _LINKERPY.format(admin=free_port(), backend=upstream, port=port)
    config.write_text(text, "utf-8")
    run = [sys.executable, "-c", "from twisted.scripts.twistd import run; run()"]
    return [*run, "-n", "--pidfile=", "linkerpy", "-c", str(config)]


def haproxy(port: int, upstream: int, root: Path, option: str = "") -> list[str]:
    """Return the command of HAProxy in TCP mode, with one more line in its defaults."""
    binary = find("haproxy")
    if binary is None:
        raise BenchError("haproxy is missing: apt-get install haproxy")
    config = root / "haproxy.cfg"
    config.write_text(_HAPROXY.format(port=port, backend=upstream, option=option), "utf-8")
    return [binary, "-db", "-f", str(config)]


def splicing_haproxy(port: int, upstream: int, root: Path) -> list[str]:
    """Return the command of HAProxy told to leave the bytes in the kernel where that pays."""
    return haproxy(port, upstream, root, "option splice-auto")


SUBJECTS = (
    Subject("linkerpy", linkerpy),
    Subject("haproxy", haproxy),
    Subject("haproxy, splice-auto", splicing_haproxy),
)
