"""The `Forwarded` header: what both ends of the client's connection are called.

Labelers give the names; their kinds are plugins. A label is made once for each connection, unless
it says otherwise.

Source: dataplane spec, section 2.4; config spec, section 10.1; RFC 7239.
"""

import re
from random import Random
from string import ascii_letters, digits
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from linkerpy.codec.http import Request
from linkerpy.protocol.http.filters import Coming, HttpFilter, HttpService

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_SCHEME = re.compile(rb"([A-Za-z][A-Za-z0-9+.\-]*)://")
_ALPHANUMERICS = (ascii_letters + digits).encode("ascii")

_Ends = tuple[Any, Any, bytes | None, bytes | None]
"""Both addresses of an open connection, and those labels that hold for as long as it is open."""


class Labeler(Protocol):
    """Names an end of a connection."""

    each_request: bool
    """Whether every request gets a label of its own."""

    def label(self, end: Any) -> bytes:
        """The label of an address of Twisted's, not quoted."""


class RandomLabel:
    """`requestRandom` and `connectionRandom`: says nothing, but can be told from others."""

    def __init__(self, chance: Random, *, each_request: bool) -> None:
        self.each_request = each_request
        self._choices = chance.choices

    def label(self, end: Any) -> bytes:
        """See `Labeler`."""
        return b"_" + bytes(self._choices(_ALPHANUMERICS, k=6))


def add_forwarded(by: Labeler, for_: Labeler) -> HttpFilter:
    """Add a line that names the server's end `by`, the client's `for`, the host and the scheme.

    Lines that are there already stay: each proxy adds its own. It must come before an absolute-form
    target is rewritten, which alone tells the scheme.
    """
    known: WeakKeyDictionary[Any, _Ends] = WeakKeyDictionary()

    def ends(connection: Any) -> _Ends:
        here, there = connection.transport.getHost(), connection.transport.getPeer()
        fixed = [
            None if labeler.each_request else quoted(labeler.label(end))
            for labeler, end in ((by, here), (for_, there))
        ]
        found = known[connection] = here, there, fixed[0], fixed[1]
        return found

    def forwarded(service: HttpService, request: Request) -> Coming:
        connection = request.ctx.connection
        here, there, by_label, for_label = known.get(connection) or ends(connection)
        line = b"Forwarded: by=%b;for=%b" % (
            by_label or quoted(by.label(here)),
            for_label or quoted(for_.label(there)),
        )
        host = request.get(b"host")
        if host:
            line += b";host=" + quoted(host)
        if request.uri[:1] != b"/":
            scheme = _SCHEME.match(request.uri)
            if scheme:
                line += b";proto=" + scheme[1]
        request.add(line + b"\r\n")
        return service(request)

    return forwarded


def quoted(value: bytes) -> bytes:
    """A token as it is, anything else in quotes. Source: RFC 7239, 4."""
    if _TOKEN.fullmatch(value):
        return value
    return b'"%b"' % value.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
