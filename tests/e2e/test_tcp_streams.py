"""Any TCP service through a router: HTTPS by SNI, failover, a reader that stalls, the end."""

import select
import socket
import ssl
import threading
from contextlib import suppress

import pytest

from tests.e2e.tcp_mesh import TcpMesh
from tests.support.certs import Authority
from tests.support.processes import free_port

MEGABYTE = 1 << 20
LONGEST = 60  # seconds; only a hang lasts so long


class Source:
    """A server that says its name to everyone, then sends `total` bytes, in whole megabytes."""

    def __init__(self, name=b"", total=0):
        self._name, self._total = name, total
        self.heard = b""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        with sock, suppress(ConnectionError):
            sock.sendall(self._name)
            for _ in range(self._total // MEGABYTE):
                sock.sendall(bytes(MEGABYTE))
            sock.shutdown(socket.SHUT_WR)
            while data := sock.recv(65536):
                self.heard += data

    def stop(self):
        with suppress(OSError):  # it was stopped before
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


@pytest.fixture
def source(cleanup):
    """Makes sources that end with the test."""

    def make(**keys):
        made = Source(**keys)
        cleanup.callback(made.stop)
        return made

    return make


@pytest.fixture
def call(cleanup):
    """Opens sockets to a port, that end with the test."""

    def connect(port):
        sock = socket.create_connection(("127.0.0.1", port), timeout=LONGEST)
        return cleanup.enter_context(sock)

    return connect


def rest(sock):
    """All that comes, to the end."""
    found = b""
    while data := sock.recv(65536):
        found += data
    return found


# -- SNI ------------------------------------------------------------------------------------------


@pytest.fixture
def https(nginx, tmp_path):
    """Makes an HTTPS server of that name; the file of its certificate's issuer, and its port."""

    def make(name):
        authority = Authority(tmp_path / f"ca-{name}")
        mine = authority.issue(name)
        port = free_port()
        keys = f"ssl_certificate {mine.cert_path}; ssl_certificate_key {mine.key_path};"
        nginx(page=f"I am {name}\n", server=f"listen 127.0.0.1:{port} ssl; {keys}")
        return authority.bundle, port

    return make


def page(port, name, bundle):
    """The page of an HTTPS server whose certificate is checked."""
    context = ssl.create_default_context(cafile=bundle)
    with (
        socket.create_connection(("127.0.0.1", port), timeout=LONGEST) as sock,
        context.wrap_socket(sock, server_hostname=name) as tls,
    ):
        tls.sendall(f"GET / HTTP/1.0\r\nHost: {name}\r\n\r\n".encode())
        return rest(tls).partition(b"\r\n\r\n")[2].decode()


def test_one_port_serves_many_https_servers_untouched(twistd, tmp_path, https):
    mesh = TcpMesh(twistd, tmp_path, "dstName: /svc/{sni}\ndefaultDstName: /svc/other")
    known = {name: https(name) for name in ("a.test", "b.test", "other")}
    for name, (_, port) in known.items():
        mesh.know(name, port)
    for name in ("a.test", "b.test"):
        assert page(mesh.port, name, known[name][0]) == f"I am {name}\n"


def test_who_asks_for_no_name_is_served_by_default(twistd, tmp_path, source, call):
    mesh = TcpMesh(twistd, tmp_path, "dstName: /svc/{sni}\ndefaultDstName: /svc/other")
    mesh.know("other", source(name=b"welcome").port)
    sock = call(mesh.port)
    sock.sendall(b"anything but TLS")
    sock.shutdown(socket.SHUT_WR)
    assert rest(sock) == b"welcome"


# -- failover -------------------------------------------------------------------------------------


def test_one_of_two_endpoints_is_down_and_nobody_notices(twistd, tmp_path, source, call):
    up, down = source(name=b"up"), free_port()
    mesh = TcpMesh(twistd, tmp_path, "dstName: /svc/db")
    mesh.know("db", up.port, down)
    for _ in range(40):
        sock = call(mesh.port)
        sock.shutdown(socket.SHUT_WR)
        assert rest(sock) == b"up"
    client = mesh.client_figures("db")
    assert client["connect_failures/refused"] == 5
    assert client["failure_accrual/removals"] == 1
    assert client["loadbalancer/available"] == 1
    assert mesh.server_figures()["success"] == 40


def test_one_that_dies_is_replaced(twistd, tmp_path, source, call):
    first, second = source(name=b"first"), source(name=b"second")
    mesh = TcpMesh(twistd, tmp_path, "dstName: /svc/db")
    mesh.know("db", first.port, second.port)
    first.stop()
    for _ in range(20):
        sock = call(mesh.port)
        sock.shutdown(socket.SHUT_WR)
        assert rest(sock) == b"second"


# -- memory ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "server",
    ["", "socketOptions: {readTimeoutMs: 600000}"],
    ids=["spliced", "buffered"],
)
def test_a_reader_that_stalls_costs_next_to_nothing(twistd, tmp_path, source, call, server):
    total = 256 * MEGABYTE
    mesh = TcpMesh(twistd, tmp_path, f"dstName: /svc/much\n{server}")
    mesh.know("much", source(total=total).port)
    with socket.create_connection(("127.0.0.1", mesh.port), timeout=LONGEST) as sock:
        sock.recv(1)  # so that all is loaded and built
    until_settled(mesh)
    before = mesh.rss()
    sock = call(mesh.port)
    stalled_at = until_settled(mesh)
    assert stalled_at < total
    assert mesh.rss() - before < 5 * MEGABYTE
    left, buffer = total, bytearray(MEGABYTE)
    while size := sock.recv_into(buffer):
        left -= size
    assert left == 0
    assert mesh.rss() - before < 5 * MEGABYTE


def until_settled(mesh):
    """Look until nothing has moved for a good many looks; how much has in all."""
    same, before = 0, -1
    while same < 30:
        now = mesh.server_figures().get("sent_bytes", 0)
        same = same + 1 if now == before else 0
        before = now
    return before


# -- the end --------------------------------------------------------------------------------------


def test_sessions_end_by_themselves_before_the_process_does(twistd, tmp_path, source, call):
    echo = source(name=b"welcome")
    mesh = TcpMesh(twistd, tmp_path, "dstName: /svc/db")
    mesh.know("db", echo.port)
    sock = call(mesh.port)
    assert sock.recv(7) == b"welcome"
    mesh.daemon.process.terminate()
    refused(mesh.port)
    sock.sendall(b"commit")
    sock.shutdown(socket.SHUT_WR)
    assert rest(sock) == b""
    assert mesh.daemon.wait() == 0
    assert echo.heard == b"commit"


def refused(port):
    """Call until nobody answers; a port that closes resets who is in its queue."""
    with suppress(ConnectionRefusedError, ConnectionResetError):
        while True:
            with socket.create_connection(("127.0.0.1", port), timeout=LONGEST) as sock:
                select.select([sock], [], [], 0)
