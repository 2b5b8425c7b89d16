"""ServerConnection: a caller's connection, from its acceptance to the end of its session.

    parked -> opening -(the stack gives a backend)-> joined -(both sides have ended)-> over
    parked, opening -(it fails, or the caller leaves)-> over

Source: dataplane spec, section 8.
"""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from linkerpy.codec.client_hello import host_name
from linkerpy.codec.proxy_protocol import Endpoint as Origin
from linkerpy.core.closable import NOTHING, Closable, Group
from linkerpy.core.drive import Drive, drive
from linkerpy.core.errors import BackendClosed, BadRequest, Cancelled, ServerTimeout
from linkerpy.core.reply import Reply
from linkerpy.net.relay import Joined, relay
from linkerpy.protocol.tcp.idle import Idle
from linkerpy.protocol.tcp.session import Backend, Opening, Parse, R

if TYPE_CHECKING:
    from linkerpy.protocol.tcp.port import TcpPort


@implementer(IHalfCloseableProtocol)
class ServerConnection(Protocol):
    """One caller. It is read from until its first bytes are here, so that we know if it leaves."""

    transport: Any

    def __init__(self, port: "TcpPort") -> None:
        self.port = port
        """Where it belongs; a reload may give it to another."""
        self._data = b""  # what the caller has sent while the session was being opened
        self._ended = False  # and whether that is all it will send
        self._parse: Parse[Any] | None = None
        self._peeking: Reply[Any] | None = None
        self._drive: Drive | None = None
        self._accepted = 0.0
        self._limit: Closable = NOTHING
        self._timers = Group()
        self._backend: Backend | None = None
        self._relay: Joined | None = None
        self._cut = False  # by us: nobody has failed

    def __repr__(self) -> str:
        doing = "joined" if self._relay else "parked" if self._drive is None else "opening"
        return f"<ServerConnection {doing}>"

    # -- opening ----------------------------------------------------------------------------------

    def connectionMade(self) -> None:
        """Begin, or wait for others to end."""
        self._accepted = self.port.clock.seconds()
        if not self.port.admit(self):
            self.transport.pauseProducing()

    def begin(self, *, parked: bool) -> None:
        """Open a session (called by the port)."""
        port = self.port
        if parked:
            self.transport.resumeProducing()
        limit = port.settings.connect_timeout
        by = math.inf if limit is None else self._accepted + limit
        opening = Opening(self, _show(self.transport.getPeer()), by)
        self._drive = drive(port.service(opening), self._opened)
        if limit is not None and not self._drive.finished:
            left = by - port.clock.seconds()
            # To the next tenth: the wheel keeps a queue for each length of timeout.
            delay = limit if left == limit else max(math.ceil(left * 10), 1) / 10
            self._limit = port.timers.after(delay, self._too_late)

    def _too_late(self) -> None:
        assert self._drive is not None
        limit = self.port.settings.connect_timeout
        self._drive.cancel(
            ServerTimeout(
                f"no connection for the caller of {self.port.settings.label} within {limit:g} s "
                "(connectTimeoutMs)"
            )
        )

    def dataReceived(self, data: bytes) -> None:
        """Keep the first bytes until there is somebody to pass them on to."""
        self._data += data
        if self._peeking is not None:
            self._look()
        if self._peeking is None and self._relay is None and self.transport.connected:
            self.transport.pauseProducing()

    def readConnectionLost(self) -> None:
        """The caller has said all it will; it may still want an answer."""
        self._ended = True
        if self._peeking is not None:
            self._peeked(None, BadRequest("the caller ended its stream before it was complete"))

    def writeConnectionLost(self) -> None:
        """We never end our half alone before the session is joined."""

    @property
    def server_name(self) -> str | None:
        """See `Caller`."""
        name: str | None = getattr(self.transport, "server_name", None)
        return None if name is None else host_name(name.encode())

    @property
    def ends(self) -> tuple[Origin, Origin]:
        """See `Caller`."""
        peer, host = self.transport.getPeer(), self.transport.getHost()
        return (peer.host, peer.port), (host.host, host.port)

    def peek(self, parse: Parse[R]) -> Reply[R]:
        """See `Caller`."""

        def stop(_reason: BaseException) -> None:
            self._parse = self._peeking = None

        reply: Reply[R] = Reply(stop)
        self._parse, self._peeking = parse, reply
        self._look()
        if self._peeking is not None:
            if self._ended:
                self._peeked(None, BadRequest("the caller ended its stream at once"))
            else:
                self.transport.resumeProducing()
        return reply

    def _look(self) -> None:
        assert self._parse is not None
        try:
            found = self._parse(self._data)
        except ValueError as error:
            self._peeked(None, BadRequest(f"the caller sent nonsense: {error}"))
        else:
            if found is not None:
                self._peeked(found, None)

    def _peeked(self, found: Any, error: BaseException | None) -> None:
        reply, self._peeking, self._parse = self._peeking, None, None
        assert reply is not None
        if error is not None:
            reply.fail(error)
        else:
            reply.resolve(found)

    def skip(self, size: int) -> None:
        """See `Caller`."""
        self._data = self._data[size:]

    def _opened(self, backend: Backend | None, error: BaseException | None) -> None:
        self._limit.close()
        if backend is None:
            self.port.complain(error)
            self.transport.loseConnection()
            return
        self._backend = backend
        self._join(backend)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The caller has left before its session was joined, or was refused."""
        self._limit.close()
        if self._drive is not None:
            self._drive.cancel(Cancelled("the caller left"))
        self.port.gone(self)

    # -- joined -----------------------------------------------------------------------------------

    def _join(self, backend: Backend) -> None:
        first, self._data = backend.greeting + self._data, b""
        near, far = self.transport, backend.transport
        backend.relay = self._relay = relay(near, far, self._over, first=first)
        if not backend.body.over:
            self._watch(backend)

    def _watch(self, backend: Backend) -> None:
        """Limit how long the session may be idle, and last."""
        timers, own, other = self.port.timers, self.port.limits, backend.limits
        idle = own if own.idle_time <= other.idle_time else other
        life = own if own.life_time <= other.life_time else other
        if life.life_time < math.inf:
            self._timers.add(timers.after(life.life_time, lambda: self._expire(life.outlived)))
        if idle.idle_time < math.inf:
            self._timers.add(
                Idle(timers, idle.idle_time, lambda: backend.sent, lambda: self._expire(idle.idled))
            )

    def _expire(self, count: Callable[[], None]) -> None:
        count()
        self.abort()

    def _over(self, joined: Joined) -> None:
        """Both connections are closed."""
        backend = self._backend
        assert backend is not None
        backend.relay = self._relay = joined
        self._timers.close()
        backend.body.come(self._verdict(joined))
        self.port.gone(self)

    def _verdict(self, joined: Joined) -> BaseException | None:
        if self._cut or joined.error is None or isinstance(joined.error, ConnectionDone):
            return None
        if joined.broken is self.transport:
            return Cancelled(f"the caller broke off: {joined.error}")
        return BackendClosed(f"the endpoint broke off: {joined.error}")

    # -- ends -------------------------------------------------------------------------------------

    def abort(self) -> None:
        """Break off."""
        self._cut = True
        if self._relay is not None:
            self._relay.close()
        else:
            self.transport.abortConnection()


def _show(address: Any) -> str:
    """A Twisted address as `ip:port`."""
    host, port = address.host, address.port
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
