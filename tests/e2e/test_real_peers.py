"""Clients and servers that people really use, on both sides of a whole router process."""

import os
import random
import signal
import socket
import struct
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

import pytest
import requests
import websockets.sync.client
import websockets.sync.server

from tests.attack.corpus import End
from tests.attack.requests_framing import FRAMING
from tests.attack.requests_heads import HEADS
from tests.e2e import clients, http_mesh
from tests.e2e.apache import Apache
from tests.e2e.clients import Step
from tests.e2e.http_mesh import FileMesh, Replica, read_to_end, read_until
from tests.e2e.load import Load
from tests.support import needs
from tests.support.daemon import Daemon
from tests.support.nginx import Nginx
from tests.support.processes import free_port

MB = 1 << 20
BIG = random.Random(1).randbytes(MB)
PAGE = b"<p>page</p>\n" * 500
NGINX = """
    client_max_body_size 20m;
    etag on;
    keepalive_requests 100000;
    gzip on;
    gzip_proxied any;
    location = /big { gzip off; }
    location /up/ { dav_methods PUT; }
"""
GET = b"GET / HTTP/1.1\r\nHost: web\r\n\r\n"


@pytest.fixture(scope="module")
def peers(tmp_path_factory):
    """One router, one NGINX and one Apache for all tests of this module that only ask them."""
    with ExitStack() as stack:

        def twistd(config, admin_port):
            daemon = Daemon(config, tmp_path_factory.mktemp("twistd"), admin_port)
            daemon.launch()
            stack.callback(daemon.stop)
            daemon.wait_ready()
            return daemon

        nginx = Nginx(needs.program("nginx"), tmp_path_factory.mktemp("nginx"), NGINX)
        (nginx.html / "up").mkdir(parents=True)
        apache = Apache(needs.program("apache2", "apache2-bin"))
        mesh = FileMesh(twistd, free_port, tmp_path_factory.mktemp("disco"))
        for name, server in (("nginx", nginx), ("apache", apache)):
            (server.html / "index.html").write_bytes(PAGE)
            (server.html / "big").write_bytes(BIG)
            # Apache gives a strong ETag only to what has not just been written.
            os.utime(server.html / "big", (1_600_000_000, 1_600_000_000))
            server.start()
            stack.callback(server.stop)
            mesh.name(name, server.port)
        mesh.html = {"nginx": nginx.html, "apache": apache.html}
        mesh.ports = {"nginx": nginx.port, "apache": apache.port}
        yield mesh


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


# -- five clients, two servers --------------------------------------------------------------------


@pytest.fixture(params=["curl", "requests", "httpx", "aiohttp", "treq"])
def session(request, tmp_path):
    if request.param == "curl":
        needs.program("curl")
        return partial(clients.with_curl, directory=tmp_path)
    return getattr(clients, f"with_{request.param}")


@pytest.mark.parametrize("server", ["nginx", "apache"])
def test_a_session_of_a_real_client_with_a_real_server(peers, session, server, tmp_path):
    upload = tmp_path / "upload"
    upload.write_bytes(BIG)
    host, name = {"Host": server}, f"{tmp_path.name}-{server}"
    known = requests.head(f"http://127.0.0.1:{peers.port}/big", headers=host, timeout=30)
    etag = known.headers["ETag"]
    steps = [
        Step("GET", "/", host | {"Accept-Encoding": "identity"}),
        Step("GET", "/", host | {"Accept-Encoding": "gzip"}),
        Step("GET", "/big", host),
        Step("PUT", f"/up/{name}-sized", host, upload=str(upload)),
        Step("PUT", f"/up/{name}-chunked", host, upload=str(upload), chunked=True),
        Step("HEAD", "/big", host),
        Step("GET", "/big", host | {"If-None-Match": etag}),
        Step("GET", "/missing", host),
        Step("GET", "/", host | {"Accept-Encoding": "identity"}),
    ]
    before = peers.server_metric("connects")
    plain, zipped, big, sized, chunked, head, unchanged, missing, again = session(
        f"http://127.0.0.1:{peers.port}", steps
    )
    assert (plain.status, plain.body) == (200, PAGE)
    assert plain.headers["via"] == "1.1 linkerd"
    assert (zipped.status, zipped.body) == (200, PAGE)
    assert (big.status, big.body) == (200, BIG)
    for put, kind in ((sized, "sized"), (chunked, "chunked")):
        assert put.status == 201
        assert (peers.html[server] / "up" / f"{name}-{kind}").read_bytes() == BIG
    assert (head.status, head.headers["content-length"], head.body) == (200, str(MB), b"")
    assert (unchanged.status, unchanged.body) == (304, b"")
    assert unchanged.headers["etag"] == etag
    assert missing.status == 404
    assert (again.status, again.body) == (200, PAGE)
    assert peers.server_metric("connects") == before + 1, "the session kept its connection"


@pytest.mark.parametrize("server", ["nginx", "apache"])
def test_a_compressed_body_passes_as_the_server_made_it(peers, server):
    headers, found = {"Host": server, "Accept-Encoding": "gzip"}, []
    for port in (peers.ports[server], peers.port):
        url = f"http://127.0.0.1:{port}/"
        with requests.get(url, headers=headers, stream=True, timeout=30) as answer:
            assert answer.headers["Content-Encoding"] == "gzip"
            found.append(answer.raw.read(decode_content=False))
    direct, routed = found
    assert direct == routed
    assert len(routed) < len(PAGE) // 10


@pytest.mark.parametrize("server", ["nginx", "apache"])
def test_curl_asks_before_it_uploads_and_is_told_to_go_on(peers, server, tmp_path):
    upload = tmp_path / "upload"
    upload.write_bytes(BIG * 8)
    run = subprocess.run(
        [
            needs.program("curl"), "--noproxy", "*", "-sSv", "--max-time", "60",
            "--expect100-timeout", "50", "-H", "Expect: 100-continue", "-H", f"Host: {server}",
            "-T", str(upload), f"http://127.0.0.1:{peers.port}/up/asked-{server}",
        ],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "< HTTP/1.1 100 Continue" in run.stderr
    assert "< HTTP/1.1 201 Created" in run.stderr
    assert (peers.html[server] / "up" / f"asked-{server}").read_bytes() == BIG * 8


# -- the corpus over sockets ----------------------------------------------------------------------


def test_every_refused_attack_gets_its_status_and_a_proper_end_over_a_real_socket(mesh, replica):
    backend = replica(lambda sock, _me: read_until(sock, b"never"))
    mesh.name("web", backend.port)
    mesh.name("admin", backend.port)
    for row in FRAMING + HEADS:
        if row.backend or row.end is not End.CLOSED:
            continue
        with mesh.connect() as client:
            try:
                client.sendall(row.sent)
            except OSError:  # cut off for sending too much behind a refusal
                assert len(row.sent) > MB
            answer, in_order = read_to_end(client)
        assert (row.name, answer[:13]) == (row.name, b"HTTP/1.1 %d " % row.statuses[-1])
        assert in_order or len(row.sent) > MB, row.name
    assert backend.connections == 0


# -- backends that fail ---------------------------------------------------------------------------


def ask(mesh, host="web"):
    url = f"http://127.0.0.1:{mesh.port}/"
    return requests.get(url, headers={"Host": host}, timeout=30)


def kill_under_load(mesh, nginx):
    """Kill one of two replicas with SIGKILL, then no longer name it; what all clients got."""
    killed, left = (nginx(page="page\n") for _ in range(2))
    mesh.name("web", killed.port, left.port)
    assert ask(mesh).status_code == 200
    with Load(f"http://127.0.0.1:{mesh.port}/", "web") as load:
        load.wait_for_more(200)
        os.kill(killed._process.pid, signal.SIGKILL)
        killed._process.wait()
        load.wait_for_more(400)
        mesh.name("web", left.port)
        load.wait_for_more(200)
    return load.answers


def test_a_killed_replica_costs_clear_errors_until_it_is_no_longer_named(mesh, nginx):
    seen = kill_under_load(mesh, nginx)
    assert {status for status, _ in seen} <= {200, 502}
    assert {body for status, body in seen if status == 200} == {b"page\n"}
    assert [status for status, _ in seen[-50:]] == [200] * 50
    metrics = mesh.metrics()
    assert metrics["rt/http/client/#/io.l5d.fs/web/loadbalancer/size"] == 1


RETRIES = """\
  service:
    responseClassifier:
      kind: io.l5d.http.retryableRead5XX
"""


def test_a_killed_replica_costs_no_get_where_reads_are_retried(
    monkeypatch, twistd, free_port, tmp_path, nginx
):
    monkeypatch.setattr(http_mesh, "CONFIG", http_mesh.CONFIG + RETRIES)
    seen = kill_under_load(FileMesh(twistd, free_port, tmp_path), nginx)
    assert set(seen) == {(200, b"page\n")}


def test_a_replica_that_hangs_holds_up_nobody_else(mesh, replica, nginx):
    def silent(sock, me):
        read_until(sock, b"\r\n\r\n")
        me.done.set()
        read_to_end(sock)

    hanging = replica(silent)
    mesh.name("web", hanging.port)
    mesh.name("good", nginx(page="page\n").port)
    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(mesh.connect()).sendall(GET)
        assert hanging.done.wait(30)
        for _ in range(20):
            assert ask(mesh, "good").status_code == 200


def test_a_replica_that_trickles_is_passed_on_byte_by_byte(mesh, replica):
    go = threading.Semaphore(0)

    def trickle(sock, _me):
        read_until(sock, b"\r\n\r\n")
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
        for digit in b"0123456789":
            assert go.acquire(timeout=30)
            sock.sendall(bytes([digit]))

    mesh.name("web", replica(trickle).port)
    with mesh.connect() as client:
        client.sendall(GET)
        _, rest = read_until(client, b"\r\n\r\n")
        assert rest == b""
        for digit in b"0123456789":
            go.release()
            assert client.recv(10) == bytes([digit])


FRAMED = [
    pytest.param(b"Content-Length: 100\r\n\r\nhello", id="length"),
    pytest.param(b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", id="chunks"),
    pytest.param(b"\r\nhello", id="close"),
]


@pytest.mark.parametrize("rest", FRAMED)
def test_a_response_that_is_reset_does_not_look_whole(mesh, replica, rest):
    go = threading.Event()

    def reset(sock, _me):
        read_until(sock, b"\r\n\r\n")
        sock.sendall(b"HTTP/1.1 200 OK\r\n" + rest)
        assert go.wait(30)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    mesh.name("web", replica(reset).port)
    url = f"http://127.0.0.1:{mesh.port}/"
    with requests.get(url, headers={"Host": "web"}, stream=True, timeout=30) as answer:
        body = answer.raw.stream(5, decode_content=True)
        assert next(body) == b"hello"
        go.set()
        with pytest.raises(Exception, match=r"reset|IncompleteRead|broken|ended"):
            list(body)


# -- WebSocket ------------------------------------------------------------------------------------


@pytest.fixture
def echo(cleanup):
    """A WebSocket server that sends back what it gets; it says `bye` to `close`."""

    def serve(socket_):
        for message in socket_:
            if message == "close":
                socket_.close(4001, "bye")
                return
            socket_.send(message)

    server = websockets.sync.server.serve(serve, "127.0.0.1", 0, max_size=None, subprotocols=["x"])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    cleanup.callback(thread.join, 30)
    cleanup.callback(server.shutdown)
    return server.socket.getsockname()[1]


def open_websocket(mesh, name="web"):
    sock = mesh.connect()
    return websockets.sync.client.connect(
        f"ws://{name}/", sock=sock, max_size=None, subprotocols=["x"], proxy=None, open_timeout=20
    )


def test_a_websocket_passes_messages_both_ways_and_its_close(mesh, echo):
    mesh.name("web", echo)
    with open_websocket(mesh) as ws:
        assert ws.subprotocol == "x"
        ws.send("hello")
        assert ws.recv(20) == "hello"
        ws.send(BIG * 4)
        assert ws.recv(20) == BIG * 4
        assert ws.ping().wait(20)
        ws.send("close")
        with pytest.raises(websockets.exceptions.ConnectionClosed):
            ws.recv(20)
        assert (ws.close_code, ws.close_reason) == (4001, "bye")


def test_twenty_websockets_at_once_get_their_own_messages(mesh, echo):
    mesh.name("web", echo)

    def talk(number):
        with open_websocket(mesh) as ws:
            for turn in range(20):
                ws.send(f"{number} {turn}")
                assert ws.recv(20) == f"{number} {turn}"
        return True

    with ThreadPoolExecutor(20) as pool:
        assert all(pool.map(talk, range(20)))
