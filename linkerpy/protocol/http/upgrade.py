"""Upgrade: a request that asks to speak another protocol on its connection, such as WebSocket.

The backend decides. If it answers 101, both connections stop being HTTP: what follows the request
is a body without end, and so is what follows the response, each passed on as it comes.

Source: RFC 9110, 7.8; dataplane spec, section 9.
"""

from collections.abc import Callable
from typing import Any

from linkerpy.codec.body import Body
from linkerpy.codec.fields import tokens
from linkerpy.codec.http import HTTP_11, Request

_NEVER = frozenset((b"h2c", b"http", b"tls"))
"""Protocols that carry HTTP: their requests would pass by the router unseen."""


class Upgrade:
    """What is known of a wish to upgrade.

    `protocols` is what the client asked for and `agreed` what the backend chose, both as `Upgrade`
    values. `send` passes on to the backend what the client sends after it was told.
    """

    __slots__ = ("agreed", "protocols", "send")

    def __init__(self, protocols: bytes) -> None:
        self.protocols = protocols
        self.agreed = b""
        self.send: Callable[[Body], None] | None = None

    def agree(self, answer: bytes | None) -> bool:
        """Take note of the backend's choice; whether it is one of those it was given."""
        self.agreed = answer or self.protocols
        asked = _items(self.protocols)
        return all(chosen in asked for chosen in _items(self.agreed))

    def lines(self, protocols: bytes) -> bytes:
        """The header lines that both messages of an upgrade need."""
        return b"Connection: upgrade\r\nUpgrade: %b\r\n" % protocols


def _items(protocols: bytes) -> list[bytes]:
    return [item.strip(b" \t").lower() for item in protocols.split(b",")]


def wanted(request: Request) -> Upgrade | None:
    """The upgrade that a request asks for; None if it may have none.

    One that is refused is simply not passed on: the backend answers in HTTP, as the RFC has it.
    """
    headers: Any = request.fields.pairs if request.fields is not None else request.headers
    protocols = tokens(headers, b"upgrade")
    names = {protocol.partition(b"/")[0] for protocol in protocols}
    if (
        request.version != HTTP_11
        or request.body.length != 0
        or b"upgrade" not in tokens(headers, b"connection")
        or not names
        or names & _NEVER
    ):
        return None
    return Upgrade(b", ".join(request.get_all(b"upgrade")))
