"""The utility namers below `/$/io.buoyant.` that make one path out of another.

Each takes the path after its own name and returns the path to look up next, or None where the
text does not fit. They know names only as text; nothing is looked up here.

Source: naming spec, sections 3.1, 3.2 and 9 (odd host names do not match; IPv6 hosts do).
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from linkerpy.naming.path import Path

Rewrite = Callable[[Path], Path | None]

_METHOD = re.compile(rb"[A-Z]+")
_HOST = re.compile(rb"[A-Za-z0-9.:_-]+")
_PORT = re.compile(rb"(?=.{1,63}\Z)[a-z0-9][-a-z0-9]*")


def host_and_port(element: bytes) -> tuple[bytes, bytes] | None:
    """The two sides of `host:port`; an IPv6 host is in brackets here and comes without them."""
    if element.startswith(b"["):
        host, _, port = element[1:].partition(b"]:")
        if b":" not in host:
            return None
    else:
        parts = element.rstrip(b":").split(b":")
        if len(parts) != 2:
            return None
        host, port = parts
    return (host, port) if host and _PORT.fullmatch(port) else None


def _hostport(path: Path, *, port_first: bool) -> Path | None:
    if len(path) < 2:
        return None
    found = host_and_port(path.elems[1])
    if found is None:
        return None
    middle = found[::-1] if port_first else found
    return Path((path.elems[0], *middle, *path.elems[2:]))


def _drop_first(path: Path, *, pattern: re.Pattern[bytes]) -> Path | None:
    if not path.elems or not pattern.fullmatch(path.elems[0]):
        return None
    return path.drop(1)


def _subdomain(path: Path) -> Path | None:
    """`/<domain>/<host>/…` to `/<sub>/…`. The sub-domain stays one element, dots and all."""
    if len(path) < 2:
        return None
    domain, host = path.elems[:2]
    if not _HOST.fullmatch(domain) or not _HOST.fullmatch(host):
        return None
    colon = host.find(b":")
    name = host[:colon] if colon > 0 else host
    sub = name.removesuffix(b"." + domain)
    return Path((sub, *path.elems[2:])) if sub and sub != name else None


def _reversed_domain(path: Path) -> Path | None:
    if not path.elems or not _HOST.fullmatch(path.elems[0]):
        return None
    labels = _without_trailing_empty(path.elems[0].split(b"."))
    return Path((*reversed(labels), *path.elems[1:])) if all(labels) else None


def _without_trailing_empty(labels: Sequence[bytes]) -> Sequence[bytes]:
    while labels and not labels[-1]:
        labels = labels[:-1]
    return labels


def _under(rewrite: Rewrite, at: int) -> Rewrite:
    """`rewrite` of the path without element `at`, which then goes in front of the result."""

    def prefixed(path: Path) -> Path | None:
        if len(path) <= at:
            return None
        rest = rewrite(Path(path.elems[:at] + path.elems[at + 1 :]))
        return None if rest is None else Path((path.elems[at], *rest.elems))

    return prefixed


_METHODS = partial(_drop_first, pattern=_METHOD)
_HOSTS = partial(_drop_first, pattern=_HOST)

REWRITES: Final[dict[str, Rewrite]] = {
    "io.buoyant.hostportPfx": partial(_hostport, port_first=False),
    "io.buoyant.porthostPfx": partial(_hostport, port_first=True),
    "io.buoyant.http.anyMethod": _METHODS,
    "io.buoyant.http.anyMethodPfx": _under(_METHODS, 0),
    "io.buoyant.http.anyHost": _HOSTS,
    "io.buoyant.http.anyHostPfx": _under(_HOSTS, 0),
    "io.buoyant.http.subdomainOf": _subdomain,
    "io.buoyant.http.subdomainOfPfx": _under(_subdomain, 1),
    "io.buoyant.http.domainToPath": _reversed_domain,
    "io.buoyant.http.domainToPathPfx": _under(_reversed_domain, 0),
}
"""The namer's class name to what it does."""
