"""Connecting to a TCP address: one object per attempt, its outcome told once.

Addresses are numeric; names are `linkerpy.net.dns`'s affair.
"""

# mypy: disallow-untyped-calls=False
from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

from twisted.internet import error
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.interfaces import IAddress, IDelayedCall, IProtocol
from twisted.python.failure import Failure

from linkerpy.net.errors import ConnectFailed, connect_error
from linkerpy.net.options import DEFAULT_OPTIONS, SocketOptions
from linkerpy.net.timed import TimedClient
from linkerpy.net.tls import TlsClient, TlsTimedClient
from linkerpy.net.tls_handshake import CLIENT_PATIENCE, ClientTls, Handshake
from linkerpy.net.transport import Client

P = TypeVar("P", bound=IProtocol)


class Connecting(Generic[P]):
    """One attempt; Twisted's client transport takes it for its connector."""

    def __init__(  # noqa: PLR0913, PLR0917 - all that an attempt is
        self,
        reactor: Any,
        address: tuple[str, int],
        build: Callable[[], P],
        timeout: float,
        options: SocketOptions,
        on_connected: Callable[[P], None],
        on_failed: Callable[[ConnectFailed], None],
        tls: ClientTls | None = None,
        handshake_timeout: float = CLIENT_PATIENCE,
    ) -> None:
        self.host, self.port = address
        self.tls = tls
        self._reactor = reactor
        self._handshake_timeout = handshake_timeout
        self.options = options
        self._build = build
        self._timeout = timeout
        self._on_connected: Callable[[P], None] | None = on_connected
        self._on_failed: Callable[[ConnectFailed], None] | None = on_failed
        self._protocol: P | None = None
        self._transport: Client | None = None
        self._timer: IDelayedCall | None = None
        dialled = _KINDS[tls is not None, options.timed]
        try:
            self._transport = dialled(self.host, self.port, None, self, reactor)
        except OSError as failure:  # an IPv6 scope that is no interface
            self._timer = reactor.callLater(0, self.connectionFailed, Failure(failure))
        else:
            if timeout < float("inf"):
                self._timer = reactor.callLater(timeout, self._give_up, error.TimeoutError())

    def cancel(self) -> None:
        """Give up; nothing is told any more. Does nothing once the outcome is known."""
        if self._on_failed is not None:
            self._on_connected = self._on_failed = None
            transport = self._transport
            self._give_up(error.UserError())
            self._settle()
            if transport is not None and transport.connected:  # it shakes hands
                transport.abortConnection()

    def _give_up(self, reason: Exception) -> None:
        if self._transport is not None:
            self._transport.failIfNotConnected(reason)

    def _settle(self) -> None:
        """Let go of what only served the attempt."""
        self._on_connected = self._on_failed = None
        self._transport = self._protocol = None
        self._stop_timer()

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()

    def buildProtocol(self, _address: IAddress) -> IProtocol:
        """Twisted's transport is connected and asks for its protocol."""
        if self.tls is None:
            return self._make()
        self._stop_timer()  # the handshake has a limit of its own
        return Handshake(
            self._reactor,
            self.tls,
            (self.host, self.port),
            self._make,
            self._shaken,
            self._handshake_timeout,
        )

    def _make(self) -> P:
        self._protocol = self._build()
        return self._protocol

    def _shaken(self, _handshake: Handshake, stands: bool) -> None:
        if stands:
            self.connected()

    def connected(self) -> None:
        """The protocol has its transport."""
        on_connected, protocol = self._on_connected, self._protocol
        self._settle()
        if on_connected is not None and protocol is not None:
            on_connected(protocol)

    def connectionFailed(self, reason: Failure) -> None:
        """Twisted's transport could not connect."""
        on_failed = self._on_failed
        self._settle()
        if on_failed is not None:
            on_failed(
                connect_error(self.host, self.port, cast(Exception, reason.value), self._timeout)
            )

    def connectionLost(self, reason: Failure) -> None:
        """The connection is over; a failure if the protocol never got as far as being told."""
        self.connectionFailed(reason)


class _Reporting(Client):
    """The part of both dialled transports."""

    def _connectDone(self) -> None:
        # Without a listener, the system may pair a local port with itself.
        if self.socket.getsockname()[:2] == self.realAddress[:2]:
            self.failIfNotConnected(error.ConnectionRefusedError())
            return
        connecting = self.connector
        super()._connectDone()
        if connecting.tls is None:
            connecting.connected()


class _Dialled(_Reporting):
    """A client transport of a Connecting."""


class _TimedDialled(_Reporting, TimedClient):
    """The same, with timeouts."""


class _TlsDialled(_Reporting, TlsClient):
    """The same, with TLS."""


class _TlsTimedDialled(_Reporting, TlsTimedClient):
    """The same, with TLS and timeouts."""


_KINDS: dict[tuple[bool, bool], type[Client]] = {
    (False, False): _Dialled,
    (False, True): _TimedDialled,
    (True, False): _TlsDialled,
    (True, True): _TlsTimedDialled,
}
"""By whether there is TLS, and whether there are timeouts."""


def connect(  # noqa: PLR0913 - all that an attempt is
    reactor: Any,
    host: str,
    port: int,
    factory_protocol: Callable[[], P],
    timeout: float,
    options: SocketOptions = DEFAULT_OPTIONS,
    *,
    on_connected: Callable[[P], None],
    on_failed: Callable[[ConnectFailed], None],
    tls: ClientTls | None = None,
    handshake_timeout: float = CLIENT_PATIENCE,
) -> Connecting[P]:
    """Start connecting to a numeric address, for `timeout` seconds (infinite: the system's limit).

    Exactly one of the callbacks is called, once, and not before this has returned, unless the
    attempt is cancelled. `factory_protocol` makes the protocol when the connection stands; its
    `makeConnection` comes before `on_connected`. With `tls` it stands once the handshake is over,
    for which there are `handshake_timeout` seconds more.

    Raises: ValueError if `host` is not an IP address.
    """
    if not isIPAddress(host) and not isIPv6Address(host):
        raise ValueError(f"cannot connect to {host!r}: not an IP address")
    address = (host, port)
    told = (on_connected, on_failed)
    secured = (tls, handshake_timeout)
    return Connecting(reactor, address, factory_protocol, timeout, options, *told, *secured)
