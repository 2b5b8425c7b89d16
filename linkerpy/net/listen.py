"""Listening for TCP connections."""

# mypy: disallow-untyped-calls=False
import socket
import sys
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Protocol

from twisted.internet import tcp
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocolFactory
from twisted.python import log

from linkerpy.net.descriptors import EXHAUSTED, Headroom
from linkerpy.net.dispatch import Direct
from linkerpy.net.errors import ListenError, listen_error
from linkerpy.net.inherited import Inherited
from linkerpy.net.options import DEFAULT_OPTIONS, SocketOptions
from linkerpy.net.timed import TimedServer
from linkerpy.net.tls import TlsServer, TlsTimedServer
from linkerpy.net.tls_handshake import Secured, ServerTls
from linkerpy.net.transport import Server


class ListeningPort(Protocol):
    """A bound address that accepts connections."""

    def getHost(self) -> IPv4Address | IPv6Address:
        """The address; its `port` is the real one where 0 was asked for."""

    def stopListening(self) -> Deferred[None] | None:
        """Accept no more. Connections live on, but for those whose handshake is under way."""

    def stop_accepting(self) -> None:
        """Accept no more. Handshakes under way go on, and their protocols are made."""

    def share(self) -> None:
        """Let another socket of ours have an address that overlaps with this one's."""

    def use_up(self) -> None:
        """Accept to the last file descriptor; otherwise some are kept for other connections."""

    def copy(self) -> socket.socket:
        """Another descriptor of the socket: connections wait in it when this port has stopped."""


class Port(Direct, tcp.Port):
    """A Twisted port whose connections are linkerpy's transports.

    It pauses where Twisted's closes those who wait, when descriptors run out.
    """

    factory: Any
    transport: Any

    def __init__(
        self,
        reactor: Any,
        factory: IProtocolFactory,
        sock: socket.socket,
        options: SocketOptions,
        tls: ServerTls | None,
    ) -> None:
        """Accept from `sock`, which is the port's from now on."""
        self._secured = None if tls is None else Secured(reactor, factory, tls)
        served: Any = self._secured or factory
        host, port = sock.getsockname()[:2]
        super().__init__(port, served, interface=host, reactor=reactor)
        self._preexistingSocket = sock
        self.options = options
        self._headroom = Headroom(self)
        if tls is None:
            self.transport = TimedServer if options.timed else Server
        else:
            self.transport = TlsTimedServer if options.timed else TlsServer

    def doRead(self) -> None:
        """Accept those who wait."""
        for _ in range(self.numberAccepts):
            try:
                sock, address = self.socket.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in EXHAUSTED:
                    self._headroom.pause()
                    return
                continue  # of one who has gone meanwhile, or a firewall has refused
            last = sock.fileno() >= self._headroom.most
            if last:
                self._headroom.pause()
            try:
                self._serve(sock, address)
            except BaseException:  # noqa: BLE001 - it costs one connection
                log.callWithLogger(self, log.err)
            if last or self.disconnecting:
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

    def stop_accepting(self) -> None:
        """See `ListeningPort`."""
        self.stopReading()
        served = -1
        while served != self.sessionno:  # the system would reset those that wait
            served = self.sessionno
            self.doRead()
        self.connectionLost(None)

    def connectionLost(self, reason: Any) -> None:
        """The port is closed."""
        self._headroom.end()
        super().connectionLost(reason)

    def use_up(self) -> None:
        """See `ListeningPort`."""
        self._headroom.use_up()

    def share(self) -> None:
        """See `ListeningPort`."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)

    def copy(self) -> socket.socket:
        """See `ListeningPort`."""
        sock: socket.socket = self.socket
        return sock.dup()

    def accept_also(self, sock: socket.socket) -> "Port":
        """Another port that accepts from `sock` what this one would."""
        port = Port(self.reactor, self.factory, sock, self.options, None)
        port.transport = self.transport
        port.startListening()
        return port


def bind(host: str, port: int, options: SocketOptions = DEFAULT_OPTIONS) -> socket.socket:
    """A socket that listens on an IPv4 or IPv6 literal; an empty host means every IPv4 address.

    Connections wait in it until a port accepts them.

    Raises: ListenError.
    """
    if host and not isIPAddress(host) and not isIPv6Address(host):
        raise ListenError(host, port, "not an IP address; give one, or 0.0.0.0 for all")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as failure:
        raise listen_error(host, port, failure) from failure
    try:
        sock.setblocking(False)
        options.prepare(sock)
        sock.bind(_where(family, host, port))
        sock.listen(options.queue)
    except (OSError, OverflowError) as failure:
        sock.close()
        raise listen_error(host, port, failure) from failure
    return sock


def bind_beside(
    others: Iterable[ListeningPort], host: str, port: int, options: SocketOptions = DEFAULT_OPTIONS
) -> socket.socket:
    """As `bind`, for an address that overlaps with those of other ports of ours.

    `0.0.0.0` overlaps with every address of the same port: it gets what these do not.

    Raises: ListenError.
    """
    for other in others:
        other.share()
    return bind(host, port, replace(options, reuse_port=True))


def bind_each(
    host: str,
    port: int,
    count: int,
    options: SocketOptions = DEFAULT_OPTIONS,
    *,
    beside: bool = False,
) -> list[socket.socket]:
    """`count` listening sockets of one address: the system divides new connections among them.

    Where it does not, which is everywhere but on Linux, they are one socket. With `beside` we have
    sockets for the address, or one that overlaps with it, already.

    Raises: ListenError, also when another process listens there that would share the address.
    """
    if sys.platform != "linux":
        return [bind(host, port, options)] * count
    if port and not options.reuse_port and not beside:
        _probe(host, port, options)
    shared = replace(options, reuse_port=True)
    found: list[socket.socket] = []
    try:
        for _ in range(count):
            found.append(bind(host, port, shared))
            port = found[0].getsockname()[1]
    except ListenError:
        for sock in found:
            sock.close()
        raise
    return found


def _probe(host: str, port: int, options: SocketOptions) -> None:
    """Make sure that nobody listens there, whether or not they would share."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        options.prepare(sock)
        try:
            sock.bind(_where(family, host, port))
        except OSError as failure:
            raise listen_error(host, port, failure) from failure


def _where(family: int, host: str, port: int) -> Any:
    """The address as the system takes it, a scope such as `%eth0` as its number."""
    if family == socket.AF_INET:
        return host, port
    found = socket.getaddrinfo(host, None, family, flags=socket.AI_NUMERICHOST)
    return found[0][4][0], port, *found[0][4][2:]


def listen(
    reactor: Any,
    factory: IProtocolFactory,
    host: str,
    port: int,
    options: SocketOptions = DEFAULT_OPTIONS,
    tls: ServerTls | None = None,
    inherited: Inherited | None = None,
) -> ListeningPort:
    """Accept connections, on the socket for the address that is there already or on a new one.

    With `tls`, protocols are made once its handshake is over.

    Raises: ListenError, see `bind`.
    """
    sock = None if inherited is None else inherited.take(host, port)
    return listen_on(sock or bind(host, port, options), reactor, factory, options, tls)


def listen_on(
    sock: socket.socket,
    reactor: Any,
    factory: IProtocolFactory,
    options: SocketOptions = DEFAULT_OPTIONS,
    tls: ServerTls | None = None,
) -> ListeningPort:
    """Accept connections on a socket that `bind` has made, here or elsewhere."""
    listening = Port(reactor, factory, sock, options, tls)
    listening.startListening()
    return listening


def accept_also(reactor: Any, sockets: Iterable[socket.socket]) -> list[ListeningPort]:
    """Accept, too, from more sockets of addresses where we do; any other is closed.

    For sockets that share an address (SO_REUSEPORT) when nobody else accepts from them any more.
    """
    ours = {
        port.socket.getsockname(): port for port in reactor.getReaders() if isinstance(port, Port)
    }
    found: list[ListeningPort] = []
    for sock in sockets:
        port = ours.get(sock.getsockname())
        if port is None:
            sock.close()
        else:
            found.append(port.accept_also(sock))
    return found
