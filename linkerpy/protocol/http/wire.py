"""What both ends of HTTP/1 share: their settings, and bodies on their way into a connection.

Source: dataplane spec, sections 2.5 and 2.6.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from linkerpy.codec.body import Body, Trailers
from linkerpy.codec.http1_write import Framing, chunk, last_chunk
from linkerpy.core.clock import TimerWheel
from linkerpy.core.closable import NOTHING, Closable
from linkerpy.core.errors import BackendError
from linkerpy.net.options import SocketOptions
from linkerpy.net.tls_handshake import Target
from linkerpy.policy.pool import PoolLimits


@dataclass(frozen=True, slots=True)
class WireSettings:
    """Sizes in bytes, times in seconds."""

    max_initial_line: int = 4096
    max_headers: int = 8192
    max_error_body: int = 5 << 20
    head_timeout: float = 60.0
    """For a request head that has begun to become complete."""
    stall_timeout: float = 60.0
    """For a body, or a client that takes its response, without any progress."""
    linger: float = 5.0
    """For a client to take a response whose request was not read to its end."""
    idle_time: float = math.inf
    """How long a connection may wait for its next request."""
    life_time: float = math.inf
    """How old a connection may be when it takes a request."""
    connect_timeout: float = 1.0
    pool: PoolLimits = field(default_factory=PoolLimits)
    socket_options: SocketOptions = field(default_factory=SocketOptions)
    tls: Target | None = None
    """Of a client: with whom it speaks TLS."""


class Spoken:
    """What a transport wants of a protocol: Twisted's `IProtocol` and `IPushProducer`.

    It is not derived from Twisted's own class, as no class can be that is compiled.
    """

    transport: Any

    def makeConnection(self, transport: Any) -> None:  # noqa: N802 - Twisted's name
        """Begin: the connection stands."""
        self.transport = transport
        self.connectionMade()

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        """The connection stands."""


class Wire(Protocol):
    """A connection that a body is written into."""

    def written(self, data: bytes) -> None:
        """The next framed bytes."""

    def body_ended(self) -> None:
        """All bytes have been passed on."""

    def body_failed(self, error: BaseException) -> None:
        """The body broke off; so must the message."""


class Stall:
    """Ends what makes no progress: calls `give_up` if `measure` gives the same twice in a row."""

    __slots__ = ("_delay", "_give_up", "_last", "_measure", "_timer", "_timers")

    def __init__(
        self,
        timers: TimerWheel,
        delay: float,
        measure: Callable[[], object],
        give_up: Callable[[], None],
    ) -> None:
        self._timers = timers
        self._delay = delay
        self._measure = measure
        self._give_up = give_up
        self._last: object = None
        self._timer: Closable = NOTHING

    def watch(self) -> None:
        """Look after it from now on."""
        self._timer.close()
        self._last = self._measure()
        self._timer = self._timers.after(self._delay, self._look)

    def _look(self) -> None:
        if self._measure() == self._last:
            self._give_up()
        else:
            self.watch()

    def close(self) -> None:
        """Look no more."""
        self._timer.close()

    def ended(self, _outcome: object) -> None:
        """As `close`, for a body to call at its end."""
        self._timer.close()


class BodyWriter:
    """Frames a streamed body and passes it to its connection; holds it back when told to."""

    __slots__ = ("_body", "_chunked", "_left", "_wire")

    def __init__(self, wire: Wire, body: Body, framing: Framing) -> None:
        self._wire = wire
        self._body = body
        self._chunked = framing is Framing.CHUNKED
        self._left = body.length if framing is Framing.LENGTH else None

    def start(self) -> None:
        """Begin to pass the body on."""
        self._body.connect(self)

    def chunk(self, data: bytes) -> None:
        """See `Sink`. More bytes than were announced never reach the peer."""
        if self._left is not None:
            self._left -= len(data)
            if self._left < 0:
                self._body.cancel(BackendError("a body is longer than its Content-Length"))
                self._wire.body_failed(BackendError("a body is longer than its Content-Length"))
                return
        self._wire.written(chunk(data) if self._chunked else data)

    def end(self, trailers: Trailers) -> None:
        """See `Sink`."""
        if self._left:
            self._wire.body_failed(BackendError("a body is shorter than its Content-Length"))
            return
        if self._chunked:
            self._wire.written(last_chunk(trailers))
        self._wire.body_ended()

    def fail(self, error: BaseException) -> None:
        """See `Sink`."""
        self._wire.body_failed(error)

    def pause(self) -> None:
        """The peer is slow."""
        self._body.pause()

    def resume(self) -> None:
        """The peer takes more."""
        self._body.resume()

    def cancel(self, error: BaseException) -> None:
        """The peer is gone."""
        self._body.cancel(error)


def peer_name(address: Any) -> str:
    """A Twisted address as `ip:port`."""
    host, port = getattr(address, "host", None), getattr(address, "port", 0)
    if host is None:
        return "unknown"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
