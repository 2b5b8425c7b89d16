"""TcpPort: one listening port, its connections and their figures.

Source: dataplane spec, section 8.1; telemetry-admin spec, section 2.10.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from twisted.internet.protocol import ServerFactory

from linkerpy.core.errors import Cancelled
from linkerpy.net.log import logger
from linkerpy.protocol.tcp.figures import sessions
from linkerpy.protocol.tcp.server import ServerConnection
from linkerpy.protocol.tcp.session import Backend, Limits, Opening
from linkerpy.protocol.tcp.stacks import ServerSettings, server_stack
from linkerpy.router.env import Env
from linkerpy.router.routing import Router
from linkerpy.telemetry.metrics import Metrics

_log = logger("linkerpy.tcp")

# Seconds between two log lines about callers that could not be served.
_BETWEEN_COMPLAINTS = 1.0


class Accepting(Protocol):
    """A listening socket."""

    def startReading(self) -> None:
        """Accept connections."""

    def stopReading(self) -> None:
        """Leave them in the system's queue."""


async def _of_nobody(_opening: Opening) -> Backend:
    raise Cancelled("the port has no connections any more")


class TcpPort(ServerFactory):
    """One listening port. `listening` is to be set once it listens."""

    noisy = False

    def __init__(
        self, settings: ServerSettings, router: Router, metrics: Metrics, env: Env
    ) -> None:
        self.settings = settings
        self.clock, self.timers = env.clock, env.timers
        self.connections: set[ServerConnection] = set()
        self.listening: Sequence[Accepting] = ()
        self._parked: deque[ServerConnection] = deque()
        self._on_idle: Callable[[], None] | None = None
        self._lineage = [self]  # the port that connections belong to at present, through reloads
        self._complained = -_BETWEEN_COMPLAINTS
        self._unsaid = 0
        idled, outlived = metrics.counter("idle"), metrics.counter("lifetime")
        self.limits = Limits(settings.idle_time, settings.life_time, idled.incr, outlived.incr)
        self._figures = sessions(metrics, env.clock, port=True)
        metrics.gauge("connections", read=lambda: len(self.connections))
        self.service = server_stack(settings, router, self._figures, metrics, env)

    def logPrefix(self) -> str:
        """What Twisted calls it in its log."""
        return "tcp"

    def buildProtocol(self, addr: Any) -> ServerConnection:
        """Make the protocol of a new connection."""
        return ServerConnection(self._lineage[0])  # a handshake may end after a reload

    def adopt(self, other: "TcpPort") -> None:
        """Go on with another port's sessions as they are, and open here those that wait there."""
        for connection in (*other.connections, *other._parked):
            connection.port = self
        self.connections |= other.connections
        self._parked += other._parked
        other.connections, other._parked = set(), deque()
        self._lineage = other._lineage
        self._lineage[0] = self
        other.service = _of_nobody  # transports know where they began: that must not keep a router
        self._begin_parked()
        if len(self.connections) >= self.settings.max_open:
            self._stop_reading()

    def admit(self, connection: ServerConnection) -> bool:
        """Let a new connection begin, if there is room; otherwise it waits, and so do all others.

        A listening socket gives several connections in one go, so that some come too many.
        """
        if len(self.connections) >= self.settings.max_open:
            self._parked.append(connection)
            return False
        self._begin(connection, parked=False)
        if len(self.connections) >= self.settings.max_open:
            self._stop_reading()
        return True

    def _begin(self, connection: ServerConnection, *, parked: bool) -> None:
        self.connections.add(connection)
        self._figures.connects.value += 1
        connection.begin(parked=parked)

    def gone(self, connection: ServerConnection) -> None:
        """Forget a closed connection, and let another begin."""
        if connection in self._parked:
            self._parked.remove(connection)
        if connection in self.connections:
            self.connections.discard(connection)
            self._go_on()
        self._tell_if_idle()

    def _tell_if_idle(self) -> None:
        if not (self.connections or self._parked) and self._on_idle is not None:
            on_idle, self._on_idle = self._on_idle, None
            on_idle()

    def _begin_parked(self) -> None:
        while self._parked and len(self.connections) < self.settings.max_open:
            self._begin(self._parked.popleft(), parked=True)

    def _go_on(self) -> None:
        self._begin_parked()
        if len(self.connections) == self.settings.max_open - 1:
            for listening in self.listening:
                listening.startReading()

    def _stop_reading(self) -> None:
        for listening in self.listening:
            listening.stopReading()

    def complain(self, error: BaseException | None) -> None:
        """Say in the log why a caller was not served, once a second at most."""
        if isinstance(error, Cancelled):
            return
        now = self.clock.seconds()
        if now - self._complained < _BETWEEN_COMPLAINTS:
            self._unsaid += 1
            return
        more = f" ({self._unsaid} more since the last such line)" if self._unsaid else ""
        _log.warn(
            "{label}: a connection was closed unserved: {error}{more}",
            label=self.settings.label,
            error=str(error),
            more=more,
        )
        self._complained, self._unsaid = now, 0

    def wind_down(self, on_idle: Callable[[], None]) -> None:
        """Let sessions end by themselves, and those that wait begin; then call `on_idle`."""
        self.listening = ()
        self._on_idle = on_idle
        self._tell_if_idle()

    def close_idle(self) -> None:
        """Close the connections whose sessions have not begun."""
        parked, self._parked = self._parked, deque()
        for connection in parked:
            connection.abort()
        self._tell_if_idle()

    def drain(self, on_idle: Callable[[], None]) -> None:
        """Let sessions end by themselves; then call `on_idle`."""
        self.wind_down(on_idle)
        self.close_idle()

    def abort(self) -> None:
        """Break every session off."""
        self.listening = ()
        for connection in list(self.connections):
            connection.abort()
