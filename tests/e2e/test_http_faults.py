"""Backends that fail and names that move, seen from outside a whole router process."""

import http.client
import threading

import pytest

from tests.e2e.http_mesh import FileMesh, Replica, read_to_end, read_until

GET = b"GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n"


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


def serving(text):
    """Serves any number of requests."""
    body = text.encode()

    def serve(sock, _me):
        rest = b""
        while True:
            _, rest = read_until(sock, b"\r\n\r\n", rest)
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    return serve


def ask(mesh, host="web"):
    client = http.client.HTTPConnection("127.0.0.1", mesh.port, timeout=30)
    try:
        client.request("GET", "/", headers={"Host": host})
        answer = client.getresponse()
        return answer.status, answer.read().decode()
    finally:
        client.close()


def test_a_backend_that_accepts_and_closes_is_a_502(mesh, replica):
    backend = replica(lambda sock, _me: read_until(sock, b"\r\n\r\n"))
    mesh.name("web", backend.port)
    for _ in range(20):
        status, text = ask(mesh)
        assert status == 502
        assert f"127.0.0.1:{backend.port} closed the connection" in text
    assert backend.connections == 20


def test_a_backend_that_speaks_garbage_is_a_502_that_says_so(mesh, replica):
    def garbage(sock, _me):
        read_until(sock, b"\r\n\r\n")
        sock.sendall(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")

    mesh.name("web", replica(garbage).port)
    status, text = ask(mesh)
    assert status == 502
    assert "sent no valid HTTP/1: bad status line" in text


def test_a_backend_that_is_not_there_is_a_502(mesh, free_port):
    port = free_port()
    mesh.name("web", port)
    status, text = ask(mesh)
    assert status == 502
    assert text.startswith(f"Unable to establish connection to 127.0.0.1:{port}.\n\n")


def test_a_client_that_gives_up_frees_the_backend(mesh, replica):
    def silent(sock, me):
        read_until(sock, b"\r\n\r\n")
        me.facts["asked"].set()
        read_to_end(sock)
        me.done.set()

    backend = replica(silent)
    backend.facts["asked"] = threading.Event()
    mesh.name("web", backend.port)
    with mesh.connect() as client:
        client.sendall(GET)
        assert backend.facts["asked"].wait(30)
    assert backend.done.wait(30), "the backend was left with a request that nobody waits for"
    scope = "rt/http/client/#/io.l5d.fs/web"
    metrics = mesh.metrics()
    assert metrics[f"{scope}/pending"] == metrics[f"{scope}/loadbalancer/load"] == 0
    assert metrics[f"{scope}/pool_size"] == 0


def test_a_response_that_breaks_off_does_not_look_whole(mesh, replica):
    def half(sock, _me):
        read_until(sock, b"\r\n\r\n")
        sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")

    mesh.name("web", replica(half).port)
    with mesh.connect() as client:
        client.sendall(GET)
        data, _ = read_to_end(client)
    assert b"hello" in data
    assert b"0\r\n\r\n" not in data


@pytest.mark.parametrize(
    "data", [b"rubbish\r\n\r\n", b"GET / HTTP/1.1\nHost: web\n\n", b"\x16\x03\x01\x02\x00\x01"]
)
def test_broken_http_from_a_client_is_a_400_and_the_end(mesh, data):
    with mesh.connect() as client:
        client.sendall(data)
        answer, in_order = read_to_end(client)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert in_order


def test_a_changed_file_moves_the_traffic_and_no_request_fails(mesh, replica):
    old, new = replica(serving("old")), replica(serving("new"))
    mesh.name("web", old.port)
    assert ask(mesh) == (200, "old")
    seen, moved = [], threading.Event()

    def traffic():
        client = http.client.HTTPConnection("127.0.0.1", mesh.port, timeout=30)
        for _ in range(20_000):
            client.request("GET", "/", headers={"Host": "web"})
            answer = client.getresponse()
            seen.append((answer.status, answer.read()))
            if seen[-1] == (200, b"new"):
                break
        moved.set()
        client.close()

    threads = [threading.Thread(target=traffic, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    mesh.name("web", new.port)
    for thread in threads:
        thread.join(60)
    assert moved.is_set()
    assert set(seen) <= {(200, b"old"), (200, b"new")}
    assert (200, b"new") in seen
    assert mesh.server_metric("failures") == 0


def test_a_removed_file_ends_a_name_and_a_new_one_revives_it(mesh, replica):
    backend = replica(serving("one"))
    mesh.name("web", backend.port)
    assert ask(mesh) == (200, "one")
    (mesh.disco / "web").unlink()
    status, text = until(lambda: ask(mesh), lambda found: found[0] != 200)
    assert status == 502
    assert text.startswith("Unable to route request!")
    other = replica(serving("two"))
    mesh.name("web", other.port)
    assert until(lambda: ask(mesh), lambda found: found[0] == 200) == (200, "two")


def until(look, good, tries=2000):
    """What is there once it is good; each look takes a request's time."""
    for _ in range(tries):
        found = look()
        if good(found):
            return found
    raise AssertionError(f"still {found!r}")
