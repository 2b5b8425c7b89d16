"""HttpPort: one listening port, its connections and their figures.

Source: dataplane spec, section 2.5; telemetry-admin spec, section 2.2.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.protocol import ServerFactory

from linkerpy.codec.http import Request, Response
from linkerpy.core.clock import TimerWheel
from linkerpy.core.errors import RouterError
from linkerpy.protocol.http.filters import HttpService, error_response
from linkerpy.protocol.http.server1 import ServerConnection
from linkerpy.protocol.http.wire import WireSettings
from linkerpy.telemetry.metrics import Metrics


async def _of_nobody(_request: Request) -> Response:
    raise RouterError("the port has no connections any more")


class HttpPort(ServerFactory):
    """One listening port: its stack, its connections and their figures.

    `report` makes the response to what never reaches the stack.
    """

    noisy = False

    def __init__(
        self,
        service: HttpService,
        wire: WireSettings,
        timers: TimerWheel,
        metrics: Metrics,
        report: Callable[[RouterError], Response] = error_response,
    ) -> None:
        self.service = service
        self.report = report
        self.wire = wire
        self.timers = timers
        self.idles = wire.idle_time < math.inf
        self.connections: set[ServerConnection] = set()
        self.draining = self.closing = False
        """Whether responses say that they are the last; whether connections end without that."""
        self.listening: Sequence[object] = ()
        self._lineage = [self]  # the port that connections belong to at present, through reloads
        self.on_idle: Callable[[], None] | None = None
        self.connects, self.closes = metrics.counter("connects"), metrics.counter("closes")
        self.received = metrics.counter("received_bytes")
        self.sent = metrics.counter("sent_bytes")
        self.idled, self.outlived = metrics.counter("idle"), metrics.counter("lifetime")
        metrics.gauge("connections", read=lambda: len(self.connections))

    def logPrefix(self) -> str:
        """What Twisted calls it in its log."""
        return "http"

    def buildProtocol(self, addr: Any) -> Any:
        """Make the protocol of a new connection."""
        return ServerConnection(self._lineage[0])  # a handshake may end after a reload

    def adopt(self, other: "HttpPort") -> None:
        """Go on with another port's connections: what they ask from now on is served here."""
        for connection in other.connections:
            connection.port = self
        self.connections |= other.connections
        other.connections = set()
        self._lineage = other._lineage
        self._lineage[0] = self
        other.service = _of_nobody  # transports know where they began: that must not keep a router

    def wind_down(self, on_idle: Callable[[], None]) -> None:
        """Have connections end with the next response; then call `on_idle`."""
        self.draining = True
        self.on_idle = on_idle
        self.gone(None)

    def close_idle(self) -> None:
        """Close the connections that serve nothing."""
        self.closing = True
        for connection in list(self.connections):
            connection.drain()

    def drain(self, on_idle: Callable[[], None]) -> None:
        """Close idle connections now and others after their response; then call `on_idle`."""
        self.wind_down(on_idle)
        self.close_idle()

    def abort(self) -> None:
        """Close every connection at once."""
        for connection in list(self.connections):
            connection.abort()

    def gone(self, connection: ServerConnection | None) -> None:
        """Forget a closed connection."""
        if connection is not None:
            self.connections.discard(connection)
            self.closes.value += 1
        if self.draining and not self.connections and self.on_idle is not None:
            on_idle, self.on_idle = self.on_idle, None
            on_idle()
