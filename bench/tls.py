"""`python -m bench.tls`: what TLS costs a proxy: CPU per handshake, request and megabyte; memory.

As in `python -m bench`, the subjects share a core, and the load and the backend the other; they
take turns within each round. Handshakes are of connections that ask for nothing; a resumed one
brings a ticket. Compare ratios: the machine's own figures depend on its neighbours.
"""

import argparse
import signal
import socket
import ssl
import statistics
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from bench.load import LOAD_CORE, wrk
from bench.processes import BenchError, cpu_seconds, free_port, rss_mb, running
from bench.tls_subjects import backend, subjects
from linkerpy.app.throwaway_ca import make_certificates

PROXY_CORE = 0

Unit = Callable[[int, argparse.Namespace], int]
"""Does some of what is measured at a port; how many times."""


def main() -> None:
    """Measure and print; one line and exit code 1 when it cannot be."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = _options()
    try:
        with ExitStack() as stack:
            measure(stack, options)
    except BenchError as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.tls", description=__doc__)
    parser.add_argument("--rounds", type=int, default=4, help="rounds for each proxy (4)")
    parser.add_argument("--seconds", type=int, default=3, help="length of a load by wrk (3)")
    parser.add_argument("--handshakes", type=int, default=1000, help="of a round (1000)")
    parser.add_argument("--idle", type=int, default=500, help="idle connections (500)")
    return parser.parse_args()


def measure(stack: ExitStack, options: argparse.Namespace) -> None:
    """Start everything, take turns, print the medians."""
    certs = _directory(stack)
    make_certificates(certs, ["localhost"])
    upstream, root = free_port(), _directory(stack)
    stack.enter_context(running(backend(upstream, root), upstream, root, LOAD_CORE))
    where: dict[str, tuple[int, int]] = {}
    for subject in subjects(certs):
        port, root = free_port(), _directory(stack)
        command = subject.command(port, upstream, root)
        pid = stack.enter_context(running(command, port, root, PROXY_CORE))
        wrk(port, 8, 1, scheme="https")
        where[subject.name] = pid, port
    found: dict[tuple[str, str], list[float]] = {}
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
        for what, unit in UNITS.items():
            for name, (pid, port) in where.items():
                before = cpu_seconds(pid)
                times = unit(port, options)
                cost = (cpu_seconds(pid) - before) * 1e6 / times
                found.setdefault((name, what), []).append(cost)
    idle = {name: _idle_kb(pid, port, options.idle) for name, (pid, port) in where.items()}
    print(table(found, idle))


def table(found: dict[tuple[str, str], list[float]], idle: dict[str, float]) -> str:
    """Microseconds of CPU per unit as medians, with the spread; KB per idle connection."""
    lines = [f"| proxy | {' | '.join(UNITS)} | KB per idle connection |"]
    lines.append("|---" * (len(UNITS) + 2) + "|")
    for name, kilobytes in idle.items():
        cells = []
        for what in UNITS:
            rounds = found[name, what]
            cells.append(
                f"{statistics.median(rounds):.0f} ({min(rounds):.0f} to {max(rounds):.0f})"
            )
        lines.append(f"| {name} | {' | '.join(cells)} | {kilobytes:.0f} |")
    return "\n".join(lines)


# -- what is measured ------------------------------------------------------------------------------


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _connect(context: ssl.SSLContext, port: int, session: ssl.SSLSession | None) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", port), 10)
    return context.wrap_socket(plain, server_hostname="localhost", session=session)


def _end(secured: ssl.SSLSocket) -> None:
    """Close by the rules, or OpenSSL resumes the session no more; wait for nobody."""
    secured.setblocking(False)
    with suppress(OSError):
        secured.unwrap()
    secured.close()


def _ask(secured: ssl.SSLSocket) -> None:
    secured.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    answer = b""
    while not answer.endswith(b"x\n"):
        piece = secured.recv(65536)
        if not piece:
            raise BenchError(f"the connection ended after {answer!r}")
        answer += piece


def _shake(port: int, times: int, *, resume: bool) -> int:
    context, session = _context(), None
    if resume:
        first = _connect(context, port, None)
        _ask(first)
        session = first.session
        _end(first)
    for _ in range(times):
        secured = _connect(context, port, session)
        if bool(secured.session_reused) is not resume:
            raise BenchError(f"port {port}: resumed: {secured.session_reused}, wanted: {resume}")
        _end(secured)
    return times


UNITS: dict[str, Unit] = {
    "full handshake": lambda port, options: _shake(port, options.handshakes, resume=False),
    "resumed": lambda port, options: _shake(port, options.handshakes, resume=True),
    "kept-alive request": lambda port, options: (
        wrk(port, 64, options.seconds, scheme="https").requests
    ),
    "1 MB down": lambda port, options: (
        wrk(port, 8, options.seconds, scheme="https", path="/big").requests
    ),
}


def _idle_kb(pid: int, port: int, count: int) -> float:
    """KB of memory for each connection that has asked once and is kept."""
    context = _context()
    with ExitStack() as stack:
        for _ in range(20):  # what the first ones cost is no cost of each
            _ask(stack.enter_context(_connect(context, port, None)))
        before = rss_mb(pid)
        for _ in range(count):
            _ask(stack.enter_context(_connect(context, port, None)))
        return (rss_mb(pid) - before) * 1024 / count


def _directory(stack: ExitStack) -> Path:
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="linkerpy-bench-")))


if __name__ == "__main__":
    main()
