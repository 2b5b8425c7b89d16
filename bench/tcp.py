"""`python -m bench.tcp`: CPU time of TCP proxies, in turns, for what TCP is used for.

CPU per unit of the proxy's process: microseconds for a connection with one question and answer, and
for a kilobyte there and back on one of 64 open connections; milliseconds for a gigabyte. Then the
memory that an idle session takes, and that a gigabyte takes whose reader does not read.
Compare ratios: the machine's own figures depend on its neighbours.
"""

import argparse
import socket
import time
from contextlib import ExitStack

from bench.load import LOAD_CORE, wrk
from bench.processes import BenchError, free_port, rss_mb, running
from bench.tcp_subjects import GIGABYTE, SUBJECTS, backend
from bench.turns import PROXY_CORE, Unit, directory, run, spread, table, take_turns

_PATIENCE = 60


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.tcp", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds for each proxy (5)")
    parser.add_argument("--seconds", type=int, default=3, help="length of a load by wrk (3)")
    parser.add_argument("--idle", type=int, default=500, help="idle sessions (500)")
    return parser.parse_args()


def measure(stack: ExitStack, options: argparse.Namespace) -> None:
    """Start everything, take turns, print the medians."""
    upstream, root = free_port(), directory(stack)
    stack.enter_context(running(backend(upstream, root), upstream, root, LOAD_CORE))
    where: dict[str, tuple[int, int]] = {}
    for subject in SUBJECTS:
        port, root = free_port(), directory(stack)
        command = subject.command(port, upstream, root)
        pid = stack.enter_context(running(command, port, root, PROXY_CORE))
        wrk(port, 8, 1)
        where[subject.name] = pid, port
    found = take_turns(where, UNITS, options)
    rows = [
        [
            name,
            *[spread(found[name, what]) for what in UNITS],
            f"{_idle_kb(pid, port, options.idle):.1f}",
            f"{_stalled_mb(pid, port):.1f}",
        ]
        for name, (pid, port) in where.items()
    ]
    print(table(["proxy", *UNITS, "KB per idle session", "MB for a stalled reader"], rows))


# -- what is measured ------------------------------------------------------------------------------


def _gigabyte(port: int, _options: argparse.Namespace) -> float:
    """A download. Its unit is a thousandth, for the table is in millionths of a second."""
    buffer = bytearray(1 << 20)
    got = 0
    with _ask(port, "/big") as sock:
        while got < GIGABYTE:
            size = sock.recv_into(buffer)
            if not size:
                raise BenchError(f"port {port}: the connection ended after {got} bytes")
            got += size
    return 1000


def _connect(port: int, options: argparse.Namespace) -> float:
    return wrk(port, 64, options.seconds, headers=["Connection: close"]).requests


def _exchange(port: int, options: argparse.Namespace) -> float:
    return wrk(port, 64, options.seconds, headers=["Padding: " + "x" * 950]).requests


UNITS: dict[str, Unit] = {
    "ms per GB": _gigabyte,
    "connection": _connect,
    "1 KB there and back": _exchange,
}


def _ask(port: int, path: str) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port), _PATIENCE)
    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
    return sock


def _answered(port: int) -> socket.socket:
    """A session that has answered once."""
    sock = _ask(port, "/")
    answer = b""
    while not answer.endswith(b"x\n"):
        answer += sock.recv(65536)
    return sock


def _idle_kb(pid: int, port: int, count: int) -> float:
    """KB of memory for each open session that has answered once."""
    with ExitStack() as stack:
        for _ in range(20):  # what the first ones cost is no cost of each
            stack.enter_context(_answered(port))
        before = rss_mb(pid)
        for _ in range(count):
            stack.enter_context(_answered(port))
        return (rss_mb(pid) - before) * 1024 / count


def _stalled_mb(pid: int, port: int) -> float:
    """MB of memory for a gigabyte on its way to one who does not read."""
    before = most = rss_mb(pid)
    with _ask(port, "/big"):
        for _ in range(20):
            time.sleep(0.1)  # noqa: TID251 - no event loop here
            most = max(most, rss_mb(pid))
    return most - before


if __name__ == "__main__":
    run(measure, _options())
