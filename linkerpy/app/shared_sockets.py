"""The listening sockets of several workers.

Each worker has a socket of its own for every address, and the system divides new connections among
them (SO_REUSEPORT). The supervisor holds them all: what waits in a dead worker's sockets is served
by another worker, or by the one that takes its place.

A socket from outside that no other may share its address with is one for all workers: whoever is
quicker accepts.
"""

import socket
from collections.abc import Iterable
from dataclasses import dataclass

from linkerpy.net.inherited import Given, Inherited
from linkerpy.net.listen import bind_each
from linkerpy.net.options import SocketOptions

Bound = tuple[str, int, socket.socket]
"""An address as it is configured, and a socket for it."""

Address = tuple[str, int, SocketOptions]


@dataclass(slots=True)
class _Row:
    """The sockets of one address, by worker; all the same one where it cannot be shared.

    A predecessor that had more workers leaves more sockets: they go to the workers in turn.
    """

    host: str
    port: int
    sockets: list[socket.socket]
    kept: bool = False
    """Whether whoever gave it has it, too, for as long as we live."""

    def close(self) -> None:
        for sock in self.sockets:
            sock.close()


class SharedSockets:
    """Sockets for `count` workers, whose numbers begin with 1.

    A change of the configuration is prepared first, and then applied or taken back.
    """

    def __init__(self, count: int, given: Inherited) -> None:
        self._count = count
        self._given = given
        self._rows: list[_Row] = []
        self._new: list[_Row] = []
        self.wanted: list[tuple[str, int]] = []
        """The addresses of the configuration that was prepared last."""

    def prepare(self, addresses: Iterable[Address]) -> None:
        """Bind what is new among the addresses of a configuration.

        Raises: ListenError; nothing is left of what was bound then.
        """
        wanted = list(addresses)
        known = [(row.host, row.port) for row in self._rows]
        try:
            for host, port, options in wanted:
                if (host, port) in known:
                    known.remove((host, port))
                else:
                    self._new.append(self._bind(host, port, options))
        except BaseException:
            self.take_back()
            raise
        self.wanted = [(host, port) for host, port, _ in wanted]

    def _bind(self, host: str, port: int, options: SocketOptions) -> _Row:
        given = self._take(host, port)
        kept = any(one.kept for one in self._given if (one.host, one.port) == (host, port))
        if given and not (_shared(given[0]) and not kept):
            return _Row(host, port, given[:1] * self._count, kept)
        beside = bool(given) or any(row.port == port for row in self._rows)
        more = self._count - len(given)
        if more > 0:
            given += bind_each(host, port, more, options, beside=beside)
        return _Row(host, port, given)

    def _take(self, host: str, port: int) -> list[socket.socket]:
        """The sockets from outside; of port 0 as many as are needed: each server's is another."""
        found: list[socket.socket] = []
        there = [one for one in self._given if (one.host, one.port) == (host, port)]
        for _ in there if port else there[: self._count]:
            sock = self._given.take(host, port)
            assert sock is not None
            sock.setblocking(False)
            found.append(sock)
        return found

    def apply(self) -> None:
        """The configuration that was prepared is in use: close what it has not."""
        self._rows += self._new
        self._new = []
        for row in list(self._rows):
            if (row.host, row.port) not in self.wanted:
                self._rows.remove(row)
                row.close()

    def take_back(self) -> None:
        """It is not used: close what was bound for it."""
        for row in self._new:
            row.close()
        self._new = []

    def of(self, number: int) -> list[Bound]:
        """The sockets of a worker."""
        return [bound for row in self._rows for bound in self._of(row, number)]

    def new(self, number: int) -> list[Bound]:
        """Those that were prepared."""
        return [bound for row in self._new for bound in self._of(row, number)]

    def alone(self, number: int) -> list[Bound]:
        """Those that no other worker accepts from."""
        return [bound for bound in self.of(number) if not self._is_for_all(bound[2])]

    def _of(self, row: _Row, number: int) -> list[Bound]:
        return [(row.host, row.port, sock) for sock in row.sockets[number - 1 :: self._count]]

    def _is_for_all(self, sock: socket.socket) -> bool:
        return any(row.sockets.count(sock) > 1 for row in self._rows)

    def copies(self) -> list[Given]:
        """For a process that takes over: what it does not get from whoever gave it to us."""
        return [
            Given(row.host, row.port, sock.dup(), kept=False)
            for row in self._rows
            if not row.kept
            for sock in dict.fromkeys(row.sockets)
        ]

    def close(self) -> None:
        """Close them here; who accepts from one elsewhere goes on."""
        self.take_back()
        while self._rows:
            self._rows.pop().close()


def _shared(sock: socket.socket) -> bool:
    """Whether others of ours can have the same address."""
    return bool(sock.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT))
