"""HTTP identifiers: what a request asks for, as a name.

An identifier is called with a request and returns a path, or the reason why it cannot tell. Only a
reason lets the next identifier of a list try; an exception ends the search.

Source: config spec, section 14; dataplane spec, section 2.9.
"""

from collections.abc import Callable, Sequence

from linkerpy.codec.http import Request
from linkerpy.core.errors import UnknownDestination
from linkerpy.naming.parser import NameSyntaxError
from linkerpy.naming.path import Path

Identifier = Callable[[Request], Path | str]
"""`identifier(request)` is the name, or the reason why there is none."""

_REMEMBERED = 4096


class HeaderToken:
    """`io.l5d.header.token`: the value of a header as one segment, as it is."""

    def __init__(self, *, header: str, prefix: Path) -> None:
        self._header = header
        self._key = header.lower().encode("latin-1")
        self._prefix = prefix
        self._paths: dict[bytes, Path] = {}

    def __call__(self, request: Request) -> Path | str:
        """Names asked for before are remembered: making a path costs more than finding one."""
        value = request.get(self._key)
        if not value:
            return f"{self._header} header is absent"
        path = self._paths.get(value)
        if path is None:
            if len(self._paths) >= _REMEMBERED:
                self._paths.clear()
            path = self._paths[value] = self._prefix + Path((value,))
        return path


class Header:
    """`io.l5d.header`: the value of a header, read as a path."""

    def __init__(self, *, header: str, prefix: Path) -> None:
        self._header = header
        self._key = header.lower().encode("latin-1")
        self._prefix = prefix

    def __call__(self, request: Request) -> Path | str:
        """Raises UnknownDestination if the header is there and no path."""
        value = request.get(self._key)
        if not value:
            return f"{self._header} header is absent"
        try:
            return self._prefix + Path.parse(value.decode("latin-1"))
        except NameSyntaxError as error:
            raise UnknownDestination(f"{self._header} header is not a path: {error}") from error


class MethodAndHost:
    """`io.l5d.methodAndHost`: `/1.1/GET/host`, or `/1.0/GET` for HTTP/1.0."""

    def __init__(self, *, uri_in_dst: bool, prefix: Path) -> None:
        self._uri_in_dst = uri_in_dst
        self._prefix = prefix

    def __call__(self, request: Request) -> Path | str:
        """The host is compared without regard to case, so it is lower-cased."""
        elems: tuple[bytes, ...] = (request.version, request.method)
        if request.version == b"1.1":
            host = request.get(b"host")
            if not host:
                return "HTTP/1.1 request missing hostname"
            elems += (host.lower(),)
        elif request.version != b"1.0":
            return f"Unknown HTTP version HTTP/{request.version.decode('latin-1')}"
        if self._uri_in_dst:
            elems += tuple(part for part in _uri_path(request.uri).split(b"/") if part)
        return self._prefix + Path(elems)


class PathSegments:
    """`io.l5d.path`: the first segments of the URL's path; `consume` cuts them off the request."""

    def __init__(self, *, segments: int, consume: bool, prefix: Path) -> None:
        self._segments = segments
        self._consume = consume
        self._prefix = prefix

    def __call__(self, request: Request) -> Path | str:
        """Only as much of the path is read as is needed."""
        path = _uri_path(request.uri)
        parts = path.lstrip(b"/").split(b"/", self._segments)
        found = tuple(parts[: self._segments])
        if len(found) < self._segments or not all(found):
            return "not enough segments in path"
        if self._consume:
            rest = parts[self._segments] if len(parts) > self._segments else b""
            request.uri = b"/" + rest + request.uri[len(path) :]
        return self._prefix + Path(found)


class Static:
    """`io.l5d.static`: always the same name."""

    def __init__(self, *, path: Path, prefix: Path) -> None:
        self._path = prefix + path

    def __call__(self, request: Request) -> Path | str:
        """Look at nothing."""
        return self._path


def first_of(identifiers: Sequence[Identifier]) -> Identifier:
    """Try identifiers in order; the last reason is the one reported."""
    if len(identifiers) == 1:
        return identifiers[0]

    def identify(request: Request) -> Path | str:
        found: Path | str = "no identifier"
        for identifier in identifiers:
            found = identifier(request)
            if isinstance(found, Path):
                break
        return found

    return identify


def unknown_destination(request: Request, reason: str) -> UnknownDestination:
    """The error for a request without a name, in linkerd's words."""
    method, uri = request.method.decode("latin-1"), request.uri.decode("latin-1")
    described = f'Request("{method} {uri}", from /{request.ctx.peer})'
    return UnknownDestination(f"Unknown destination: {described} / {reason}")


def _uri_path(uri: bytes) -> bytes:
    """The URI up to `?` or `#`."""
    return uri.split(b"?", 1)[0].split(b"#", 1)[0]
