"""Handshakes: what stands in for a protocol until TLS is agreed on, and what is known of them all.

`ServerTls` and `ClientTls` are what `listen` and `connect` take to make TLS of TCP.
"""

# mypy: disallow-untyped-calls=False
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from OpenSSL import SSL
from twisted.internet.error import ConnectionAborted
from twisted.internet.interfaces import (
    IAddress,
    ILoggingContext,
    IProtocol,
    IProtocolFactory,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from linkerpy.core.clock import Clock
from linkerpy.core.closable import Closable, Group
from linkerpy.net.errors import show_address
from linkerpy.net.tls_check import is_for, sni_of
from linkerpy.net.tls_context import LiveTls, TlsCalling, TlsServing, make_serving
from linkerpy.net.tls_errors import WRONG_NAME, Attempt, TlsFailed, timed_out
from linkerpy.net.tls_failures import Teller
from linkerpy.telemetry.metrics import Metrics

SERVER_PATIENCE = 10.0
"""Seconds in which a client must have finished its handshake."""

CLIENT_PATIENCE = 5.0
"""Seconds in which a server must have finished its."""

_MOST_SESSIONS = 256


class Handshakes:
    """The handshakes of one server or client: counted, timed, and the failed ones told.

    Source: telemetry-admin spec, section 2.2.
    """

    def __init__(self, metrics: Metrics, clock: Clock, teller: Teller | None = None) -> None:
        """`teller` is told of what fails; without one, it is only counted."""
        self.clock = clock
        self._metrics = metrics.scope("tls")
        self._teller = teller
        self._open = 0
        self._taken_over: list[Handshakes] = []
        self._connections = self._metrics.gauge("connections", read=lambda: self.open)
        self._took = self._metrics.stat("handshake_latency_ms")
        self._took_in_vain = self._metrics.stat("failed_handshake_latency_ms")

    @property
    def open(self) -> int:
        """The connections there are, those that were taken over included."""
        return self._open + sum(one._open for one in self._taken_over)

    def take_over(self, other: "Handshakes") -> None:
        """Show the connections of another, who shows them no more."""
        self._taken_over = [one for one in (*other._taken_over, other) if one._open]
        other._connections.close()

    def succeeded(self, started: float) -> None:
        """One that began at `started` is over."""
        self._open += 1
        self._took.add((self.clock.seconds() - started) * 1000)

    def gone(self) -> None:
        """A connection of one that succeeded has closed."""
        self._open -= 1

    def reloaded(self, good: bool) -> None:
        """Certificate files have changed; whether those there are now will do."""
        self._metrics.counter("reloads" if good else "failed_reloads").incr()

    def show(self, live: LiveTls[Any]) -> Closable:
        """Let the metrics tell of our certificate's age, and of checks that are not made."""
        shown = Group()
        if live.made.identity is not None:
            gauge = self._metrics.gauge("certificate_seconds_left", read=lambda: live.seconds_left)
            shown.add(gauge)
        if isinstance(live.settings, TlsCalling) and not live.settings.verify:
            shown.add(self._metrics.gauge("validation_disabled", read=lambda: 1))
        return shown

    def failed(self, failure: TlsFailed, peer: str, started: float | None = None) -> None:
        """Count one that failed, and tell of it; `started` if it failed before TLS stood."""
        if started is not None:
            self._took_in_vain.add((self.clock.seconds() - started) * 1000)
        self._metrics.counter("failures", failure.cause).incr()
        if self._teller is not None:
            self._teller.tell(failure, peer)


def verify(connection: SSL.Connection, given: Any, code: int, depth: int, ok: int) -> bool:
    """OpenSSL's question about each certificate of a chain: note the first that will not do."""
    attempt: Attempt = connection.get_app_data()
    wrong_name = ok and depth == 0 and attempt.wanted is not None
    if ok and not wrong_name:
        return True
    try:
        certificate = given.to_cryptography()
    except ValueError:  # OpenSSL reads more than `cryptography` does
        attempt.refused = attempt.refused or (code, None)
        return False
    if wrong_name:
        assert attempt.wanted is not None
        if is_for(certificate, attempt.wanted):
            return True
        code = WRONG_NAME
    if attempt.refused is None:
        attempt.refused = (code, certificate)
    return False


class ServerTls:
    """TLS for the connections that a server takes.

    Raises: TlsConfigError.
    """

    def __init__(self, reactor: Any, settings: TlsServing, handshakes: Handshakes) -> None:
        self.live = LiveTls(reactor, settings, make_serving, verify, handshakes.reloaded)
        self.handshakes = handshakes
        self._shown = handshakes.show(self.live)
        self.patience = SERVER_PATIENCE

    def close(self) -> None:
        """Follow the files no more."""
        self._shown.close()
        self.live.close()

    def begin(self, _address: object) -> tuple[SSL.Connection, Attempt]:
        """OpenSSL's side of a new connection."""
        made = self.live.made
        return SSL.Connection(made.context, None), Attempt(made, calling=False)

    def keep(self, _address: object, _connection: SSL.Connection) -> None:
        """See `ClientTls`; a server keeps nothing."""


@dataclass(frozen=True, slots=True)
class Target:
    """With whom a client speaks TLS, and on what terms."""

    live: LiveTls[TlsCalling]
    name: str | None
    """See `ClientTls`."""
    teller: Teller | None = None
    """Who is told of handshakes that fail."""

    def tls(self, metrics: Metrics, clock: Clock) -> "ClientTls":
        """TLS for one client, whose metrics these are."""
        handshakes = Handshakes(metrics, clock, self.teller)
        handshakes.show(self.live)  # until the client's metrics are pruned
        return ClientTls(self.live, self.name, handshakes)


class ClientTls:
    """TLS for the connections of one client, whose servers all have one name.

    `name` is verified, unless the settings say otherwise, and sent as SNI.
    """

    def __init__(self, live: LiveTls[TlsCalling], name: str | None, handshakes: Handshakes) -> None:
        self.live = live
        self.handshakes = handshakes
        self._wanted = name if live.settings.verify else None
        self._sni = sni_of(name)
        self._sessions: dict[tuple[str, int], SSL.Session] = {}
        self._generation = live.generation

    def begin(self, address: tuple[str, int]) -> tuple[SSL.Connection, Attempt]:
        """OpenSSL's side of a new connection to `address`, resuming a session if there is one."""
        made = self.live.made
        connection = SSL.Connection(made.context, None)
        if self._sni is not None:
            connection.set_tlsext_host_name(self._sni)
        if self._generation != self.live.generation:  # who was trusted may not be any more
            self._sessions.clear()
            self._generation = self.live.generation
        session = self._sessions.get(address)
        if session is not None:
            connection.set_session(session)
        return connection, Attempt(made, calling=True, wanted=self._wanted)

    def keep(self, address: tuple[str, int], connection: SSL.Connection) -> None:
        """Remember the session of a connection whose server has said something."""
        session = connection.get_session()
        if session is None or connection.get_context() is not self.live.made.context:
            return
        if len(self._sessions) >= _MOST_SESSIONS and address not in self._sessions:
            del self._sessions[next(iter(self._sessions))]
        self._sessions[address] = session


Side = ServerTls | ClientTls


class Handshake(Protocol):
    """Stands in for a protocol until TLS is agreed on, and then makes it.

    `build` makes the protocol; None ends the connection. `on_end` hears when it is over, and
    whether TLS stands. `patience` is in seconds.
    """

    transport: Any

    def __init__(
        self,
        reactor: Any,
        side: Any,
        address: tuple[str, int],
        build: Callable[[], IProtocol | None],
        on_end: Callable[["Handshake", bool], None],
        patience: float,
    ) -> None:
        self._connection, self.attempt = side.begin(address)
        self._connection.set_app_data(self.attempt)
        self._side = side
        self._address = address
        self._build = build
        self._on_end = on_end
        self._patience = patience
        self._reactor = reactor
        self._started = reactor.seconds()
        self._timer: Any = None

    def makeConnection(self, transport: Any) -> None:
        """TCP stands: begin."""
        self.transport = transport
        self._timer = self._reactor.callLater(self._patience, self._too_slow)
        transport.shake_hands(self._connection, self)

    def done(self) -> None:
        """TLS stands: the protocol takes over (called by the transport)."""
        self._timer.cancel()
        self._side.handshakes.succeeded(self._started)
        self.attempt.begun = b""
        transport = self.transport
        protocol = self._build()
        if protocol is None:
            transport.protocol = Protocol()
            transport.loseConnection()
        else:
            transport.protocol = protocol
            protocol.makeConnection(transport)
        self._on_end(self, True)

    def heard(self) -> None:
        """The peer has said something since (called by the transport, once)."""
        self._side.keep(self._address, self._connection)

    def broke(self, failure: TlsFailed) -> None:
        """TLS broke after the handshake (called by the transport)."""
        self._side.handshakes.failed(failure, show_address(*self._address))

    def gone(self) -> None:
        """The connection of a handshake that succeeded is over (called by the transport)."""
        self._side.handshakes.gone()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """It failed; what the transport tells is why."""
        if self._timer.active():
            self._timer.cancel()
        self._on_end(self, False)
        failure = reason.value
        if isinstance(failure, TlsFailed):
            where = show_address(*self._address)
            self._side.handshakes.failed(failure, where, self._started)
        elif not isinstance(failure, ConnectionAborted):
            unknown = TlsFailed("other", f"the handshake failed: {failure}")
            self._side.handshakes.failed(unknown, show_address(*self._address), self._started)

    def _too_slow(self) -> None:
        transport = self.transport
        transport.stopReading()
        transport.stopWriting()
        transport.connectionLost(Failure(timed_out(self.attempt, self._patience)))


@implementer(ILoggingContext)
class Secured:
    """A factory whose protocols are made once TLS stands; `listen` puts it before the real one."""

    def __init__(self, reactor: Any, factory: IProtocolFactory, tls: ServerTls) -> None:
        self._reactor = reactor
        self._factory: Any = factory
        self._tls = tls
        self._under_way: set[Handshake] = set()

    def logPrefix(self) -> str:
        """What Twisted calls it in its log."""
        prefix = getattr(self._factory, "logPrefix", None)
        return "tls" if prefix is None else f"{prefix()} (TLS)"

    def doStart(self) -> None:
        """See `IProtocolFactory`."""
        self._factory.doStart()

    def doStop(self) -> None:
        """See `IProtocolFactory`."""
        self._factory.doStop()

    def buildProtocol(self, address: IAddress) -> Handshake:
        """What stands in for the protocol of a new connection."""
        where = (getattr(address, "host", "?"), getattr(address, "port", 0))
        made = Handshake(
            self._reactor,
            self._tls,
            where,
            lambda: self._factory.buildProtocol(address),
            lambda handshake, _stands: self._under_way.discard(handshake),
            self._tls.patience,
        )
        self._under_way.add(made)
        return made

    def abort(self) -> None:
        """Break off the handshakes under way: nobody waits for what would come of them."""
        for handshake in list(self._under_way):
            handshake.transport.abortConnection()
