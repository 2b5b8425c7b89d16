"""What an operator may set on the sockets of servers and clients."""

import socket
from dataclasses import dataclass

# More than any system allows: it cuts the queue down to its own limit.
_LONGEST_BACKLOG = 65535


@dataclass(frozen=True, slots=True)
class SocketOptions:
    """`socketOptions` of a server or client.

    `keep_alive` None leaves the system's default; `backlog` None asks for the longest queue the
    system allows (`net.core.somaxconn` on Linux). The timeouts are in seconds: a connection is
    broken off when it was read from, but nothing came, for `read_timeout`; and when bytes waited
    to be sent, but none could be, for `write_timeout`. None: never.

    Source: config spec, section 7.1.
    """

    no_delay: bool = True
    reuse_addr: bool = True
    reuse_port: bool = False
    keep_alive: bool | None = None
    backlog: int | None = None
    read_timeout: float | None = None
    write_timeout: float | None = None

    @property
    def timed(self) -> bool:
        """Whether any timeout is set."""
        return self.read_timeout is not None or self.write_timeout is not None

    @property
    def queue(self) -> int:
        """How many connections may wait to be accepted."""
        return _LONGEST_BACKLOG if self.backlog is None else self.backlog

    def prepare(self, sock: socket.socket) -> None:
        """Set what must be set before the socket is bound or connected."""
        if self.reuse_addr:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self.reuse_port:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)

    def apply(self, sock: socket.socket) -> None:
        """Set what concerns one connection."""
        if self.no_delay:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.keep_alive is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, self.keep_alive)


DEFAULT_OPTIONS = SocketOptions()
