"""Listening for TCP connections."""

# mypy: disallow-untyped-calls=False
import socket
from typing import Any, Protocol

from twisted.internet import base, tcp
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IProtocolFactory
from twisted.python import log

from linkerpy.net.dispatch import Direct
from linkerpy.net.errors import ListenError, listen_error
from linkerpy.net.options import DEFAULT_OPTIONS, SocketOptions
from linkerpy.net.timed import TimedServer
from linkerpy.net.tls import TlsServer, TlsTimedServer
from linkerpy.net.tls_handshake import Secured, ServerTls
from linkerpy.net.transport import Server

# More than any system allows: it cuts the queue down to its own limit.
_LONGEST_BACKLOG = 65535


class ListeningPort(Protocol):
    """A bound address that accepts connections."""

    def getHost(self) -> IPv4Address | IPv6Address:
        """The address; its `port` is the real one where 0 was asked for."""

    def stopListening(self) -> Deferred[None] | None:
        """Accept no more. Connections live on."""


class Port(Direct, tcp.Port):
    """A Twisted port whose connections are linkerpy's transports."""

    factory: Any
    transport: Any

    def __init__(
        self,
        reactor: Any,
        factory: IProtocolFactory,
        host: str,
        port: int,
        options: SocketOptions,
        tls: ServerTls | None = None,
    ) -> None:
        self._secured = None if tls is None else Secured(reactor, factory, tls)
        served: Any = self._secured or factory
        backlog = _LONGEST_BACKLOG if options.backlog is None else options.backlog
        super().__init__(port, served, backlog, host, reactor)
        self.options = options
        if tls is None:
            self.transport = TimedServer if options.timed else Server
        else:
            self.transport = TlsTimedServer if options.timed else TlsServer

    def createInternetSocket(self) -> socket.socket:
        """A socket with the options set."""
        sock: socket.socket = base.BasePort.createInternetSocket(self)
        self.options.prepare(sock)
        return sock

    def doRead(self) -> None:
        """Accept those who wait: Twisted's, without what is only of use when that fails."""
        for _ in range(self.numberAccepts):
            try:
                sock, address = self.socket.accept()
            except BlockingIOError:
                return
            except OSError:  # Twisted knows what to do about each
                super().doRead()
                return
            try:
                self._serve(sock, address)
            except BaseException:  # noqa: BLE001 - it costs one connection
                log.callWithLogger(self, log.err)
            if self.disconnecting:
                return

    def receive(self) -> None:
        """See `Direct`: what is accepted is served at once."""
        self.doRead()

    def _serve(self, sock: socket.socket, address: Any) -> None:
        if len(address) == 4 and address[3]:  # IPv6 with a scope, which Twisted writes like this
            numeric = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
            address = (socket.getnameinfo(address, numeric)[0], *address[1:])
        protocol = self.factory.buildProtocol(self._buildAddr(address))
        if protocol is None:
            sock.close()
            return
        self.sessionno += 1
        transport = self.transport(sock, protocol, address, self, self.sessionno - 1, self.reactor)
        protocol.makeConnection(transport)

    def stopListening(self, *args: Any) -> Any:
        """Accept no more, and break off the handshakes under way: nobody can have asked a thing."""
        if self._secured is not None:
            self._secured.abort()
        return super().stopListening(*args)


def listen(
    reactor: Any,
    factory: IProtocolFactory,
    host: str,
    port: int,
    options: SocketOptions = DEFAULT_OPTIONS,
    tls: ServerTls | None = None,
) -> ListeningPort:
    """Accept connections on an IPv4 or IPv6 literal; an empty host means every IPv4 address.

    With `tls`, protocols are made once its handshake is over.

    Raises: ListenError.
    """
    if host and not isIPAddress(host) and not isIPv6Address(host):
        raise ListenError(host, port, "not an IP address; give one, or 0.0.0.0 for all")
    listening = Port(reactor, factory, host, port, options, tls)
    try:
        listening.startListening()
    except CannotListenError as failure:
        raise listen_error(host, port, failure.socketError) from failure
    except (OSError, OverflowError) as failure:
        raise listen_error(host, port, failure) from failure
    return listening
