"""How a router process ends, and what it tells systemd meanwhile."""

import re
import signal
import socket
import urllib.request

import pytest

from tests.e2e.http_mesh import Replica, read_until
from tests.e2e.routed import Routed, http, tcp
from tests.e2e.tcp_sessions import Backend, connect, talk

PATIENT = ", shutdownGraceMs: 3600000"
HASTY = ", shutdownGraceMs: 1"


@pytest.fixture
def slow(cleanup):
    """A replica that answers when the test says so, by `done`."""

    def serve(sock, replica):
        read_until(sock, b"\r\n\r\n")
        replica.facts["asked"] = True
        replica.done.wait(30)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")

    made = Replica(serve)
    cleanup.callback(made.stop)
    return made


@pytest.fixture
def session(twistd, free_port, cleanup):
    """A session with a backend through a router: `session(more of admin)`."""

    def begin(more):
        backend, port = Backend(b"db:"), free_port()
        cleanup.callback(backend.stop)
        here = Routed(twistd, free_port, tcp("db", port, backend.port), more=more)
        sock = connect(port)
        cleanup.callback(sock.close)
        assert talk(sock, b"hello") == b"db:"
        return here.daemon, sock

    return begin


def said(daemon, text):
    """Look until it has been said; each look takes the process a turn."""
    while text not in daemon.output:
        assert daemon.process.poll() is None, daemon.output


def test_a_request_under_way_is_finished(twistd, free_port, slow):
    port = free_port()
    here = Routed(twistd, free_port, http("web", port, slow.port), more=PATIENT)
    with connect(port) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: web\r\n\r\n")
        while "asked" not in slow.facts:
            assert here.daemon.ready()
        here.daemon.process.send_signal(signal.SIGTERM)
        said(here.daemon, "Received SIGTERM. Shutting down ...")
        slow.done.set()
        head, body = read_until(sock, b"\r\n\r\n")
        assert b"connection: close" in head.lower()
        assert body + sock.recv(10) == b"late"
    assert here.daemon.wait() == 0


def test_what_does_not_end_in_time_is_cut_and_the_status_says_so(session):
    daemon, sock = session(HASTY)
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.wait() == 1
    with pytest.raises(ConnectionResetError):
        sock.recv(1)
    assert "connections of db did not end in time: they are broken off" in daemon.output


def test_a_second_signal_cuts_at_once(session):
    daemon, sock = session(PATIENT)
    daemon.process.send_signal(signal.SIGTERM)
    said(daemon, "Shutting down ...")
    assert talk(sock, b"still there") == b"db:"
    daemon.process.send_signal(signal.SIGINT)
    assert daemon.wait() == 1
    with pytest.raises(ConnectionResetError):
        sock.recv(1)
    assert "Received SIGINT again. What is under way is cut off" in daemon.output


def test_a_signal_after_the_admin_page_does_not_cut(session):
    daemon, sock = session(PATIENT)
    url = f"http://127.0.0.1:{daemon.admin_port}/admin/shutdown"
    with urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=5) as answer:
        assert answer.read() == b"quitting\n"
    daemon.process.send_signal(signal.SIGTERM)
    said(daemon, "Received SIGTERM")
    assert talk(sock, b"still there") == b"db:"
    sock.close()
    assert daemon.wait() == 0


def test_nothing_is_reloaded_while_the_process_ends(session):
    daemon, sock = session(PATIENT)
    daemon.process.send_signal(signal.SIGTERM)
    said(daemon, "Shutting down ...")
    url = f"http://127.0.0.1:{daemon.admin_port}/admin/reload"
    with pytest.raises(urllib.error.HTTPError, match="400") as refused:
        urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=5)
    assert refused.value.read() == b"not reloaded: the process ends\n"
    sock.close()
    assert daemon.wait() == 0


def test_systemd_is_told_of_all_that_happens(twistd, free_port, cleanup, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(30)
        env = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "60000000"}

        def start(text, admin_port):
            return twistd(text, admin_port, env=env)

        port = free_port()
        here = Routed(start, free_port, http("web", port, 1))
        assert systemd.recv(100) == b"WATCHDOG=1"
        assert systemd.recv(100) == b"READY=1"
        here.daemon.process.send_signal(signal.SIGHUP)
        assert re.fullmatch(rb"RELOADING=1\nMONOTONIC_USEC=\d+", systemd.recv(100))
        assert systemd.recv(100) == b"READY=1"
        assert here.daemon.stop() == 0
        assert systemd.recv(100) == b"STOPPING=1"
