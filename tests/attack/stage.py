"""Plays an attack against a whole router in memory, and tells what either side saw."""

import re
from itertools import pairwise

from tests.protocol.http.messages import read_message

PROBE = b"GET /probe HTTP/1.1\r\nHost: web\r\n\r\n"

_ADDED = re.compile(rb"(?im)^(?:l5d-[^:\r\n]*|via): [^\r\n]*\r\n")


def without_added(data):
    """Bytes on a wire without the header lines that the router adds."""
    return _ADDED.sub(b"", data)


class Stage:
    """A client, and two services of one replica each that answer whatever they get whole."""

    def __init__(self, mesh):
        self.mesh = mesh
        mesh.bind("/svc/web", "10.0.0.1:80")
        mesh.bind("/svc/admin", "10.0.0.2:80")
        self.client = mesh.client()
        self.requests = []
        """Those that backends received whole, as an independent reader reads them."""

    def send(self, data, cuts=()):
        """Send bytes, cut as told, and let everybody answer."""
        for piece in pieces(data, cuts):
            self.client.send(piece)
            self._answer()

    def _answer(self):
        while sum(self._answers(index) for index in range(self.mesh.connects)):
            pass

    def _answers(self, index):
        backend = self.mesh.backend(index)
        request = backend.message() if backend.open else None
        if request is None:
            return False
        self.requests.append(request)
        body = b"" if request.start.startswith("HEAD ") else b"ok"
        backend.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + body)
        return True

    @property
    def backend_bytes(self):
        """All that backends received, by connection, without what the router adds."""
        return b"".join(without_added(made.seen) for made in self.mesh.network.made)

    @property
    def statuses(self):
        """Of the responses that the client got."""
        found, rest = [], self.client.transport.seen
        while rest:
            message, rest = read_message(rest, closed=not self.client.open)
            found.append(message.status)
        return tuple(found)

    @property
    def closed(self):
        """Whether the router has ended the client's connection, or its own side of it."""
        transport = self.client.transport
        return transport.half_closed or transport.end in ("closed", "aborted")


def pieces(data, cuts):
    """`data` cut at these places."""
    marks = [0, *cuts, len(data)]
    return [data[a:b] for a, b in pairwise(marks) if a < b]


def every(data):
    """Places to cut at: everywhere, or in large data here and there, most near the ends."""
    size = len(data)
    if size < 1500:
        return range(1, size)
    return sorted({*range(1, 120), *range(120, size, size // 40), *range(size - 120, size)})
