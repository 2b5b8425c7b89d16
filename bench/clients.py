"""Clients for what wrk cannot do: handshakes alone, a gigabyte, connections that are only there."""

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from statistics import median, quantiles

from bench.load import Load
from bench.processes import BenchError, rss_mb
from bench.subjects import GIGABYTE

_PATIENCE = 60
_WARM = 20
"""Connections that come first: what these cost is no cost of each."""


def handshakes(port: int, count: int, *, resume: bool) -> Load:
    """Connect and end the connection, one after another; resumed ones bring a ticket.

    Raises: BenchError when the server did what was not asked for.
    """
    context, session = _context(), None
    if resume:
        first = _secured(context, port, None)
        _ask(first, "/")
        session = first.session
        _end(first)
    taken = []
    for _ in range(count):
        started = time.perf_counter()
        secured = _secured(context, port, session)
        taken.append((time.perf_counter() - started) * 1e3)
        if bool(secured.session_reused) is not resume:
            raise BenchError(f"resumed: {secured.session_reused}, wanted: {resume}")
        _end(secured)
    return Load(count, sum(taken) / 1e3, median(taken), quantiles(taken, n=100)[98])


def gigabyte(port: int) -> Load:
    """Download a gigabyte over one connection; its unit is the megabyte.

    Raises: BenchError when it broke off.
    """
    buffer, got = bytearray(1 << 20), 0
    started = time.perf_counter()
    with _plain(port) as sock:
        _send(sock, "/gigabyte")
        while got < GIGABYTE:
            size = sock.recv_into(buffer)
            if not size:
                raise BenchError(f"the connection ended after {got} bytes")
            got += size
    return Load(GIGABYTE / 1e6, time.perf_counter() - started)


def idle_kb(pid: int, port: int, count: int, *, tls: bool) -> float:
    """KB of a process's memory for each connection that has asked once and is kept."""
    context = _context()

    def connect() -> socket.socket:
        return _secured(context, port, None) if tls else _plain(port)

    with ExitStack() as stack:
        for sock in _connections(connect, _WARM):
            stack.enter_context(sock)
        before = rss_mb(pid)
        for sock in _connections(connect, count):
            stack.enter_context(sock)
        return (rss_mb(pid) - before) * 1024 / count


def stalled_mb(pid: int, port: int, _count: int, *, tls: bool) -> float:
    """MB of a process's memory for a gigabyte on its way to one who does not read."""
    before = most = rss_mb(pid)
    with _secured(_context(), port, None) if tls else _plain(port) as sock:
        _send(sock, "/gigabyte")
        for _ in range(20):
            time.sleep(0.1)  # noqa: TID251 - no event loop here
            most = max(most, rss_mb(pid))
    return most - before


def _connections(connect: Callable[[], socket.socket], count: int) -> Iterator[socket.socket]:
    for _ in range(count):
        sock = connect()
        _ask(sock, "/")
        yield sock


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _plain(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), _PATIENCE)


def _secured(context: ssl.SSLContext, port: int, session: ssl.SSLSession | None) -> ssl.SSLSocket:
    return context.wrap_socket(_plain(port), server_hostname="localhost", session=session)


def _end(secured: ssl.SSLSocket) -> None:
    """Close by the rules, or OpenSSL resumes the session no more; wait for nobody."""
    secured.setblocking(False)
    with suppress(OSError):
        secured.unwrap()
    secured.close()


def _send(sock: socket.socket, path: str) -> None:
    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())


def _ask(sock: socket.socket, path: str) -> None:
    _send(sock, path)
    answer = b""
    while not answer.endswith(b"x\n"):
        piece = sock.recv(65536)
        if not piece:
            raise BenchError(f"the connection ended after {answer!r}")
        answer += piece
