"""`python -m bench.tls`: what TLS costs a proxy: CPU per handshake, request and megabyte; memory.

As in `python -m bench`, the subjects share a core, and the load and the backend the other; they
take turns within each round. Handshakes are of connections that ask for nothing; a resumed one
brings a ticket. Compare ratios: the machine's own figures depend on its neighbours.
"""

import argparse
import socket
import ssl
from contextlib import ExitStack, suppress

from bench.load import LOAD_CORE, wrk
from bench.processes import BenchError, free_port, rss_mb, running
from bench.tls_subjects import backend, subjects
from bench.turns import PROXY_CORE, Unit, directory, run, spread, table, take_turns
from linkerpy.app.throwaway_ca import make_certificates


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.tls", description=__doc__)
    parser.add_argument("--rounds", type=int, default=4, help="rounds for each proxy (4)")
    parser.add_argument("--seconds", type=int, default=3, help="length of a load by wrk (3)")
    parser.add_argument("--handshakes", type=int, default=1000, help="of a round (1000)")
    parser.add_argument("--idle", type=int, default=500, help="idle connections (500)")
    return parser.parse_args()


def measure(stack: ExitStack, options: argparse.Namespace) -> None:
    """Start everything, take turns, print the medians."""
    certs = directory(stack)
    make_certificates(certs, ["localhost"])
    upstream, root = free_port(), directory(stack)
    stack.enter_context(running(backend(upstream, root), upstream, root, LOAD_CORE))
    where: dict[str, tuple[int, int]] = {}
    for subject in subjects(certs):
        port, root = free_port(), directory(stack)
        command = subject.command(port, upstream, root)
        pid = stack.enter_context(running(command, port, root, PROXY_CORE))
        wrk(port, 8, 1, scheme="https")
        where[subject.name] = pid, port
    found = take_turns(where, UNITS, options)
    idle = {name: _idle_kb(pid, port, options.idle) for name, (pid, port) in where.items()}
    rows = [
        [name, *[spread(found[name, what]) for what in UNITS], f"{kilobytes:.0f}"]
        for name, kilobytes in idle.items()
    ]
    print(table(["proxy", *UNITS, "KB per idle connection"], rows))


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


def _shake(port: int, times: int, *, resume: bool) -> float:
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


if __name__ == "__main__":
    run(measure, _options())
