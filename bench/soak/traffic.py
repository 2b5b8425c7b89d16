"""The callers: each does one kind of thing over and over, and sees that the answer is whole."""

import http.client
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.soak.ledger import Ledger
from bench.subjects import MEGABYTE, SMALL

_PATIENCE = 20.0
_PAUSE = 0.01
"""Seconds between two requests of a caller: a soak is no load test."""

_HOST = {"Host": "web"}


class Wrong(Exception):
    """An answer that is not what was asked for."""


@dataclass(frozen=True)
class Ports:
    """Where the router listens."""

    http: int
    https: int
    tcp: int


class Client:
    """One caller's connection: kept as long as the server keeps it, or made anew each time."""

    def __init__(self, connect: Callable[[], http.client.HTTPConnection], *, keeps: bool) -> None:
        """Nothing is connected yet."""
        self._connect = connect
        self._keeps = keeps
        self._connection: http.client.HTTPConnection | None = None

    def get(self, path: str, size: int) -> None:
        """Raises: Wrong, or what the network raises."""
        self._ask("GET", path, None, size)

    def post(self, body: bytes) -> None:
        """Send a body that the backend drops. Raises as `get`."""
        self._ask("POST", "/sink", body, None)

    def _ask(self, method: str, path: str, body: bytes | None, size: int | None) -> None:
        connection = self._connection or self._connect()
        self._connection = None
        try:
            connection.request(method, path, body, _HOST)
            answer = connection.getresponse()
            content = answer.read()
        except BaseException:
            connection.close()
            raise
        if answer.status != 200 or (size is not None and len(content) != size):
            connection.close()
            raise Wrong(f"{answer.status} with {len(content)} bytes: {content[:200]!r}")
        if self._keeps:
            self._connection = connection
        else:
            connection.close()


def rude(port: int, chance: random.Random) -> None:
    """Be a caller that nobody wants. Nothing is expected but that others do not notice."""
    with socket.create_connection(("127.0.0.1", port), _PATIENCE) as sock, suppress(OSError):
        match chance.randrange(4):
            case 0:  # leaves within a head
                sock.sendall(b"GET / HTTP/1.1\r\nHo")
            case 1:  # leaves within a body
                sock.sendall(b"POST /sink HTTP/1.1\r\nHost: web\r\nContent-Length: 999\r\n\r\nabc")
            case 2:  # leaves before the answer's end
                sock.sendall(b"GET /megabyte HTTP/1.1\r\nHost: web\r\n\r\n")
                sock.recv(1000)
            case _:
                sock.sendall(b"\0\1\2 what is this\r\n\r\n")
                if b" 400 " not in sock.recv(1000):
                    raise Wrong("nonsense was not refused")


class Traffic:
    """All callers, each in a thread of its own, while the `with` lasts."""

    def __init__(self, ports: Ports, certs: Path, ledger: Ledger) -> None:
        """No caller has begun."""
        self._ledger = ledger
        self._over = threading.Event()
        context = ssl.create_default_context(cafile=str(certs / "ca.pem"))
        small, chance = len(SMALL), random.Random(1)

        def plain() -> http.client.HTTPConnection:
            return http.client.HTTPConnection("127.0.0.1", ports.http, timeout=_PATIENCE)

        def streamed() -> http.client.HTTPConnection:
            return http.client.HTTPConnection("127.0.0.1", ports.tcp, timeout=_PATIENCE)

        def secured() -> http.client.HTTPConnection:
            return http.client.HTTPSConnection(
                "localhost", ports.https, timeout=_PATIENCE, context=context
            )

        kept, fresh = Client(plain, keeps=True), Client(plain, keeps=False)
        down, up = Client(plain, keeps=True), Client(plain, keeps=True)
        tls, tls_fresh = Client(secured, keeps=True), Client(secured, keeps=False)
        tcp, tcp_fresh = Client(streamed, keeps=True), Client(streamed, keeps=False)
        body = b"x" * MEGABYTE
        work: dict[str, Callable[[], None]] = {
            "HTTP, kept connection": lambda: kept.get("/", small),
            "HTTP, new connections": lambda: fresh.get("/", small),
            "HTTP, 1 MB down": lambda: down.get("/megabyte", MEGABYTE),
            "HTTP, 1 MB up": lambda: up.post(body),
            "TLS, kept connection": lambda: tls.get("/", small),
            "TLS, new connections": lambda: tls_fresh.get("/", small),
            "TCP, kept connection": lambda: tcp.get("/", small),
            "TCP, new connections": lambda: tcp_fresh.get("/", small),
            "rude callers": lambda: rude(ports.http, chance),
        }
        self._threads = [
            threading.Thread(target=self._repeat, args=each, daemon=True) for each in work.items()
        ]

    def _repeat(self, kind: str, do: Callable[[], None]) -> None:
        while not self._over.wait(_PAUSE):
            began = time.monotonic()
            try:
                do()
            except (OSError, http.client.HTTPException, Wrong) as error:
                self._ledger.failed(kind, began, error)
            else:
                self._ledger.answered(kind)

    def __enter__(self) -> "Traffic":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(3 * _PATIENCE)
