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

from linkerpy.net.errors import ListenError, listen_error
from linkerpy.net.options import DEFAULT_OPTIONS, SocketOptions
from linkerpy.net.timed import TimedServer
from linkerpy.net.transport import Server

# More than any system allows: it cuts the queue down to its own limit.
_LONGEST_BACKLOG = 65535


class ListeningPort(Protocol):
    """A bound address that accepts connections."""

    def getHost(self) -> IPv4Address | IPv6Address:
        """The address; its `port` is the real one where 0 was asked for."""

    def stopListening(self) -> Deferred[None] | None:
        """Accept no more. Connections live on."""


class Port(tcp.Port):
    """A Twisted port whose connections are linkerpy's transports."""

    transport: Any

    def __init__(
        self, reactor: Any, factory: IProtocolFactory, host: str, port: int, options: SocketOptions
    ) -> None:
        backlog = _LONGEST_BACKLOG if options.backlog is None else options.backlog
        super().__init__(port, factory, backlog, host, reactor)
        self.options = options
        self.transport = TimedServer if options.timed else Server

    def createInternetSocket(self) -> socket.socket:
        """A socket with the options set."""
        sock: socket.socket = base.BasePort.createInternetSocket(self)
        self.options.prepare(sock)
        return sock


def listen(
    reactor: Any,
    factory: IProtocolFactory,
    host: str,
    port: int,
    options: SocketOptions = DEFAULT_OPTIONS,
) -> ListeningPort:
    """Accept connections on an IPv4 or IPv6 literal; an empty host means every IPv4 address.

    Raises: ListenError.
    """
    if host and not isIPAddress(host) and not isIPv6Address(host):
        raise ListenError(host, port, "not an IP address; give one, or 0.0.0.0 for all")
    listening = Port(reactor, factory, host, port, options)
    try:
        listening.startListening()
    except CannotListenError as failure:
        raise listen_error(host, port, failure.socketError) from failure
    except (OSError, OverflowError) as failure:
        raise listen_error(host, port, failure) from failure
    return listening
