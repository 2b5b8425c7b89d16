"""Listening sockets that are bound already when a server asks for its address.

They come from whoever started the process (systemd's socket activation, a supervisor of workers,
the process whose place this one takes), or from the configuration that a reload replaces. Who
binds addresses asks here first: see `linkerpy.net.listen`.

Source: sd_listen_fds(3).
"""

import json
import os
import socket
from collections.abc import Collection, Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any

from linkerpy.net.errors import show_address

SOCKETS = "LINKERPY_SOCKETS"
"""Environment variable of our own processes: JSON, a list of `[host, port, fd, kept]`."""

_FIRST = 3
"""The descriptor that systemd's sockets begin at: SD_LISTEN_FDS_START."""

_SYSTEMD = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")


class InheritError(Exception):
    """What a process was given is no listening TCP socket. The text says which, and what to do."""


@dataclass(slots=True)
class Given:
    """A socket for the address `host` and `port`, as the configuration writes them.

    `kept`: whoever gave it has it open for as long as we live, so that it must be found again when
    a server that was taken away comes back.
    """

    host: str
    port: int
    socket: socket.socket
    kept: bool
    taken: bool = False


class Inherited:
    """Bound and listening sockets by address: each is given out once, those that are kept again."""

    def __init__(self) -> None:
        self._given: list[Given] = []

    def add(self, host: str, port: int, sock: socket.socket, *, kept: bool = False) -> None:
        """Have a socket for an address. Port 0 is a port like others: the first added goes first.

        It is closed by `close` unless it is taken before.
        """
        self._given.append(Given(host, port, sock, kept))

    def take(self, host: str, port: int) -> socket.socket | None:
        """The caller's own socket for an address, if there is one."""
        for given in self._given:
            if (given.host, given.port) == (host, port):
                self._given.remove(given)
                if not given.kept:
                    return given.socket
                given.taken = True
                self._given.append(given)  # the next of its address comes first
                return given.socket.dup()
        return None

    def take_all(self, host: str, port: int) -> list[socket.socket]:
        """The caller's own sockets for an address; of port 0, one: each is another port."""
        there = [one for one in self._given if (one.host, one.port) == (host, port)]
        taken = [self.take(host, port) for _ in (there if port else there[:1])]
        return [sock for sock in taken if sock is not None]

    def __iter__(self) -> Iterator[Given]:
        return iter(list(self._given))

    @property
    def unused(self) -> list[str]:
        """The addresses that no server asked for."""
        return [show_address(given.host, given.port) for given in self._given if not given.taken]

    def drop(self, wanted: Collection[tuple[str, int]]) -> None:
        """Close what is for none of these addresses."""
        for given in list(self._given):
            if (given.host, given.port) not in wanted:
                self._given.remove(given)
                given.socket.close()

    def close_unkept(self) -> None:
        """Close what nobody took and nobody else has: its callers would wait for ever."""
        for given in list(self._given):
            if not given.kept:
                self._given.remove(given)
                given.socket.close()

    def close(self) -> None:
        """Close everything that is left."""
        while self._given:
            self._given.pop().socket.close()


def from_environment(environ: MutableMapping[str, str], pid: int) -> Inherited:
    """The sockets that the process `pid` was given; the variables that say so are taken away.

    Raises: InheritError.
    """
    inherited = Inherited()
    for host, port, fd, kept in json.loads(environ.pop(SOCKETS, "[]")):
        inherited.add(host, port, _socket(fd, show_address(host, port)), kept=kept)
    ours, number, names = (environ.pop(name, "") for name in _SYSTEMD)
    if ours == str(pid) and number.isdigit():
        called = names.split(":") if names else ["unknown"] * int(number)
        for fd, name in zip(range(_FIRST, _FIRST + int(number)), called, strict=False):
            sock = _socket(fd, name)
            host, port = sock.getsockname()[:2]
            inherited.add(host, port, sock, kept=True)
    return inherited


def _socket(fd: int, name: str) -> socket.socket:
    """A descriptor as the socket it should be; processes that we start do not get it.

    Raises: InheritError.
    """
    try:
        os.set_inheritable(fd, False)
        sock = socket.socket(fileno=fd)
    except OSError as error:
        raise InheritError(f"descriptor {fd} ({name}) was given as a socket: {error}") from None
    listens = sock.type == socket.SOCK_STREAM and sock.getsockopt(
        socket.SOL_SOCKET, socket.SO_ACCEPTCONN
    )
    if sock.family not in (socket.AF_INET, socket.AF_INET6) or not listens:
        sock.close()
        raise InheritError(
            f"descriptor {fd} ({name}) is no listening TCP socket: "
            "in a systemd socket unit, write ListenStream=ADDRESS:PORT, and Accept=no"
        )
    sock.setblocking(False)
    return sock


def to_environment(sockets: list[Given]) -> tuple[dict[str, str], tuple[int, ...]]:
    """For a process to start with these sockets: the variable, and the descriptors it names."""
    rows: list[Any] = [[g.host, g.port, g.socket.fileno(), g.kept] for g in sockets]
    return {SOCKETS: json.dumps(rows)}, tuple(row[2] for row in rows)
