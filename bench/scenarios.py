"""What the proxies are measured at."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from bench import clients
from bench.load import Load, wrk
from bench.subjects import MEGABYTE, Kind

MANY = 64
"""Connections that ask for little."""
FEW = 8
"""Connections that carry megabytes."""


@dataclass(frozen=True)
class Scenario:
    """A load, and what is counted in it."""

    title: str
    kind: Kind
    unit: str
    run: Callable[[int, argparse.Namespace], Load]
    """Does it at a port."""


@dataclass(frozen=True)
class Memory:
    """What something that is only there takes of a proxy's memory; measured once, at the end."""

    title: str
    kind: Kind
    unit: str
    measure: Callable[..., float]
    """At (process id, port, count, tls=)."""
    count: int = 0
    quick: int = 0
    """The count of a quick run."""


SCENARIOS = (
    Scenario(
        "HTTP, kept connections",
        "http",
        "request",
        lambda port, o: wrk(port, o.connections, o.seconds),
    ),
    Scenario(
        "HTTP, a new connection for each request",
        "http",
        "request",
        lambda port, o: wrk(port, o.connections, o.seconds, headers=["Connection: close"]),
    ),
    Scenario(
        "HTTP, 1 MB in the response",
        "http",
        "request",
        lambda port, o: wrk(port, FEW, o.seconds, path="/megabyte"),
    ),
    Scenario(
        "HTTP, 1 MB in the request",
        "http",
        "request",
        lambda port, o: wrk(port, FEW, o.seconds, path="/sink", post=MEGABYTE),
    ),
    Scenario(
        "TLS, full handshake",
        "https",
        "handshake",
        lambda port, o: clients.handshakes(port, o.handshakes, resume=False),
    ),
    Scenario(
        "TLS, resumed handshake",
        "https",
        "handshake",
        lambda port, o: clients.handshakes(port, o.handshakes, resume=True),
    ),
    Scenario(
        "TLS, kept connections",
        "https",
        "request",
        lambda port, o: wrk(port, o.connections, o.seconds, scheme="https"),
    ),
    Scenario(
        "TLS, 1 MB in the response",
        "https",
        "request",
        lambda port, o: wrk(port, FEW, o.seconds, scheme="https", path="/megabyte"),
    ),
    Scenario(
        "TCP, a connection with one question and answer",
        "tcp",
        "connection",
        lambda port, o: wrk(port, o.connections, o.seconds, headers=["Connection: close"]),
    ),
    Scenario(
        "TCP, 1 KB there and back on open connections",
        "tcp",
        "exchange",
        lambda port, o: wrk(
            port, o.connections, o.seconds, path="/kilobyte", headers=["Padding: " + "x" * 950]
        ),
    ),
    Scenario(
        "TCP, a gigabyte over one connection",
        "tcp",
        "MB",
        lambda port, _: clients.gigabyte(port),
    ),
)

MEMORY = (
    Memory("{count:,} idle HTTP connections", "http", "KB for each", clients.idle_kb, 15_000, 500),
    Memory("{count:,} idle TLS connections", "https", "KB for each", clients.idle_kb, 500, 100),
    Memory("{count:,} idle TCP sessions", "tcp", "KB for each", clients.idle_kb, 500, 100),
    Memory("a gigabyte to a TCP client that does not read", "tcp", "MB", clients.stalled_mb),
)
