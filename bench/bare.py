"""The least a proxy of ours could do: `python -m bench.bare PORT BACKEND`.

Our reactor and transports, kept connections on both sides, and a search for the end of each head
and for its Content-Length; no names, no headers of its own, no checks, no metrics. What linkerpy
takes beyond this is the price of being a router.
"""

import re
import sys
from typing import Any

from twisted.internet.protocol import Factory, Protocol

from linkerpy.net.connect import connect
from linkerpy.net.listen import listen
from linkerpy.net.options import DEFAULT_OPTIONS
from linkerpy.net.reactor import install_best

_LENGTH = re.compile(rb"(?i)\r\nContent-Length: *([0-9]+)")


class Upstream(Protocol):
    """A kept connection to the backend."""

    idle: "list[Upstream]"
    client: Any = None
    transport: Any
    seen = b""

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Pass on a response once it is whole."""
        self.seen += data
        end = self.seen.find(b"\r\n\r\n")
        found = _LENGTH.search(self.seen, 0, end) if end >= 0 else None
        if found and len(self.seen) >= end + 4 + int(found[1]):
            response, self.seen = self.seen, b""
            client, self.client = self.client, None
            self.idle.append(self)
            client.transport.write(response)


class Downstream(Protocol):
    """A client's connection."""

    transport: Any

    def __init__(self, reactor: Any, backend: int, idle: list[Upstream]) -> None:
        self._reactor, self._backend, self._idle = reactor, backend, idle

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Pass on a request; all here come whole and without a body."""
        if not data.endswith(b"\r\n\r\n"):
            raise ValueError("a request in pieces")

        def send(upstream: Upstream) -> None:
            upstream.client, upstream.idle = self, self._idle
            upstream.transport.write(data)

        if self._idle:
            send(self._idle.pop())
        else:
            connect(
                self._reactor, "127.0.0.1", self._backend, Upstream, 5.0, DEFAULT_OPTIONS,
                on_connected=send, on_failed=print,
            )  # fmt: skip


def main() -> None:
    """Serve until killed."""
    port, backend = map(int, sys.argv[1:])
    install_best()
    from twisted.internet import reactor  # noqa: PLC0415, TID251 - a program of its own

    idle: list[Upstream] = []
    factory = Factory.forProtocol(lambda: Downstream(reactor, backend, idle))
    listen(reactor, factory, "127.0.0.1", port)
    reactor.run()


if __name__ == "__main__":
    main()
