"""Datagrams to one host, which may be a name: it is looked up again while the sender is open."""

from typing import Any

from twisted.internet.error import CannotListenError, MessageLengthError
from twisted.internet.protocol import DatagramProtocol

from linkerpy.core.closable import NOTHING, Closable
from linkerpy.naming.addr import Addr, AddrBound, AddrFailed, AddrNeg
from linkerpy.naming.inet import Inet
from linkerpy.net.log import logger

_log = logger("linkerpy.net")

_TROUBLES = (OSError, MessageLengthError, CannotListenError)
"""A full buffer or no route, a datagram too long, no socket."""


class Datagrams:
    """Sends without waiting. What cannot be sent is dropped; the log says so once."""

    def __init__(self, reactor: Any, inet: Inet, host: str, port: int) -> None:
        self._reactor = reactor
        self._inet = inet
        self._host, self._port = host, port
        self._ip = ""
        self._sockets: dict[bool, Any] = {}
        """By whether they are of IPv6."""
        self._watch: Closable = NOTHING
        self._troubled = False

    def open(self) -> None:
        """Find out where to send to, and keep it up to date until closed."""
        self._watch = self._inet.addr(self._host, self._port).observe(self._found)

    @property
    def ready(self) -> bool:
        """Whether it is known where to send to."""
        return bool(self._ip)

    def send(self, data: bytes) -> None:
        """Send one datagram, if that can be done at once."""
        try:
            self._socket().write(data, (self._ip, self._port))
        except _TROUBLES as error:
            self._trouble(f"{error}")
        else:
            self._troubled = False

    def _found(self, addr: Addr) -> None:
        match addr:
            case AddrBound(addresses) if addresses:
                self._ip = min(addresses).ip
                self._troubled = False
            case AddrFailed(error):
                self._trouble(f"{error}")
            case AddrNeg() | AddrBound():
                self._ip = ""
                self._trouble("no such host")

    def _trouble(self, why: str) -> None:
        if not self._troubled:
            where = f"{self._host}:{self._port}"
            _log.warn("cannot send datagrams to {where}: {why}", where=where, why=why)
        self._troubled = True

    def _socket(self) -> Any:
        v6 = ":" in self._ip
        if v6 not in self._sockets:
            here = "::" if v6 else ""
            protocol = DatagramProtocol()
            self._sockets[v6] = self._reactor.listenUDP(0, protocol, interface=here).protocol
        return self._sockets[v6].transport

    def close(self) -> None:
        """Send no more."""
        self._watch.close()
        self._ip = ""
        for protocol in self._sockets.values():
            protocol.transport.stopListening()
        self._sockets.clear()
