"""Large bodies and many requests through a whole router process: all arrives, little is kept."""

import hashlib
import http.client
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.http_mesh import FileMesh, Replica, read_until

MB = 1 << 20
SIZE = 100 * MB
PIECE = bytes(range(256)) * 256
"""64 KB."""
SUM = hashlib.sha256(PIECE * (SIZE // len(PIECE))).hexdigest()
GROWTH = 40
"""MB that the router may grow by while a body passes."""

GET = b"GET / HTTP/1.1\r\nHost: web\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture
def mesh(twistd, free_port, tmp_path):
    return FileMesh(twistd, free_port, tmp_path)


@pytest.fixture
def replica(cleanup):
    def start(serve, **options):
        made = Replica(serve, **options)
        cleanup.callback(made.stop)
        return made

    return start


def send_body(sock, replica, patience=None):
    """Send SIZE bytes; what had been sent when the other side first stalled is a fact."""
    sent = 0
    if patience is not None:
        sock.settimeout(patience)
    while sent < SIZE:
        start = sent % len(PIECE)
        try:
            sent += sock.send(PIECE[start:])
        except TimeoutError:
            replica.facts.setdefault("stalled_at", sent)
            replica.done.set()
            sock.settimeout(30)


def read_body(sock, first, size=SIZE):
    """The digest of a body of which `first` is here."""
    digest = hashlib.sha256(first)
    left = size - len(first)
    while left:
        piece = sock.recv(min(left, MB))
        assert piece, f"the body ended {left} bytes early"
        digest.update(piece)
        left -= len(piece)
    return digest.hexdigest()


def download(sock, replica, patience=None):
    read_until(sock, b"\r\n\r\n")
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE)
    send_body(sock, replica, patience)


def test_a_download_passes_whole_in_bounded_memory(mesh, replica):
    mesh.name("web", replica(download).port)
    before = mesh.memory("VmRSS")
    with mesh.connect() as client:
        client.sendall(GET)
        _, first = read_until(client, b"\r\n\r\n")
        assert read_body(client, first) == SUM
    assert mesh.memory("VmHWM") - before < GROWTH


def test_an_upload_passes_whole_in_bounded_memory(mesh, replica):
    def upload(sock, me):
        _, first = read_until(sock, b"\r\n\r\n")
        me.facts["sum"] = read_body(sock, first)
        sock.sendall(OK)

    backend = replica(upload)
    mesh.name("web", backend.port)
    before = mesh.memory("VmRSS")
    with mesh.connect() as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: web\r\nContent-Length: %d\r\n\r\n" % SIZE)
        send_body(client, backend)
        assert read_until(client, b"\r\n\r\n")[0].startswith(b"HTTP/1.1 200 OK\r\n")
    assert backend.facts["sum"] == SUM
    assert mesh.memory("VmHWM") - before < GROWTH


def test_a_client_that_stops_reading_stops_the_backend_and_gets_the_rest_later(mesh, replica):
    backend = replica(lambda sock, me: download(sock, me, patience=1), buffers=65536)
    mesh.name("web", backend.port)
    before = mesh.memory("VmRSS")
    with mesh.connect(receive_buffer=65536) as client:
        client.sendall(GET)
        assert backend.done.wait(30), "the backend was never stopped"
        assert backend.facts["stalled_at"] < 20 * MB
        _, first = read_until(client, b"\r\n\r\n")
        assert read_body(client, first) == SUM
    assert mesh.memory("VmHWM") - before < GROWTH


def test_a_backend_that_stops_reading_stops_the_client_and_gets_the_rest_later(mesh, replica):
    def slow(sock, me):
        _, first = read_until(sock, b"\r\n\r\n")
        assert me.done.wait(30)
        me.facts["sum"] = read_body(sock, first)
        sock.sendall(OK)

    backend = replica(slow, buffers=65536)
    mesh.name("web", backend.port)
    before = mesh.memory("VmRSS")
    with mesh.connect() as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: web\r\nContent-Length: %d\r\n\r\n" % SIZE)
        send_body(client, backend, patience=1)
        assert read_until(client, b"\r\n\r\n")[0].startswith(b"HTTP/1.1 200 OK\r\n")
    assert backend.facts["stalled_at"] < 20 * MB
    assert backend.facts["sum"] == SUM
    assert mesh.memory("VmHWM") - before < GROWTH


def test_a_thousand_requests_over_twenty_connections_all_succeed(mesh, nginx):
    backend = nginx(page="page\n")
    mesh.name("web", backend.port)

    def fifty(_):
        client = http.client.HTTPConnection("127.0.0.1", mesh.port, timeout=30)
        seen = set()
        for _ in range(50):
            client.request("GET", "/", headers={"Host": "web"})
            answer = client.getresponse()
            seen.add((answer.status, answer.read()))
        client.close()
        return seen

    with ThreadPoolExecutor(20) as threads:
        assert set().union(*threads.map(fifty, range(20))) == {(200, b"page\n")}
    assert mesh.server_metric("requests") == mesh.server_metric("success") == 1000
    assert mesh.server_metric("connects") == 20


def test_a_response_arrives_while_its_request_is_still_being_sent(mesh, replica):
    def refuse(sock, _me):
        read_until(sock, b"\r\n\r\n")
        sock.sendall(b"HTTP/1.1 413 No\r\nContent-Length: 8\r\n\r\ntoo much")

    mesh.name("web", replica(refuse).port)
    with mesh.connect() as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: web\r\nContent-Length: %d\r\n\r\n" % SIZE)
        client.sendall(PIECE)
        head, rest = read_until(client, b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 413 No\r\n")
        assert read_until(client, b"too much", rest)
