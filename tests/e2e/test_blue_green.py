"""Traffic moved between two versions of a service: by weights, for one request, by a file."""

import threading
from math import sqrt

import pytest

from tests.attack.names import RealNames
from tests.e2e import http_mesh
from tests.e2e.http_mesh import FileMesh, Replica, read_until
from tests.e2e.load import Load
from tests.protocol.http import playbook
from tests.protocol.http.conftest import play

__all__ = ["play"]

GET = b"GET / HTTP/1.1\r\nHost: web\r\n\r\n"
BLUE, GREEN = "10.0.0.1", "10.0.0.2"


# -- weights, in memory: the same draws in every run ----------------------------------------------


@pytest.fixture
def weigh(play, monkeypatch):
    """Sends requests through a router with that dtab, and counts which replica got each."""
    monkeypatch.setattr(playbook, "Names", RealNames)

    def count(dtab, requests, request=GET):
        mesh = play(dtab=dtab)
        client = mesh.client()
        seen = dict.fromkeys((BLUE, GREEN), 0)
        for _ in range(requests):
            client.transport.receive(request)
            mesh.turn()
            (asked,) = [made for made in mesh.network.made if made.seen]
            seen[asked.peer.host] += 1
            asked.seen = b""
            asked.receive(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            assert client.transport.seen.startswith(b"HTTP/1.1 200 OK\r\n")
            client.transport.seen = b""
        return seen

    return count


def weighted(blue, green):
    return f"/svc/web => {blue} * /$/inet/{BLUE}/80 & {green} * /$/inet/{GREEN}/80"


@pytest.mark.parametrize(
    ("blue", "green"), [(9, 1), (1, 1), (1, 3), (0.99, 0.01), (2, 1), (0.5, 0.25)]
)
def test_weights_are_kept_within_a_hundredth_over_ten_thousand_requests(weigh, blue, green):
    seen = weigh(weighted(blue, green), 10_000)
    assert abs(seen[GREEN] / 10_000 - green / (blue + green)) < 0.01


def test_a_branch_without_weight_gets_nothing(weigh):
    assert weigh(weighted(1, 0), 2000) == {BLUE: 2000, GREEN: 0}


def test_a_header_replaces_the_weights_by_others(weigh):
    override = GET[:-2] + f"l5d-dtab: {weighted(1, 9)}\r\n\r\n".encode()
    seen = weigh(weighted(9, 1), 2000, override)
    assert abs(seen[GREEN] / 2000 - 0.9) < 0.03


# -- a whole process ------------------------------------------------------------------------------


def serving(text):
    """Answers any number of requests with its own name; notes their heads."""
    body = text.encode()

    def serve(sock, me):
        rest = b""
        while True:
            head, rest = read_until(sock, b"\r\n\r\n", rest)
            me.facts.setdefault("heads", []).append(head)
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    return serve


@pytest.fixture
def replica(cleanup):
    def start(serve):
        made = Replica(serve)
        cleanup.callback(made.stop)
        return made

    return start


@pytest.fixture
def mesh(twistd, free_port, tmp_path):
    return FileMesh(twistd, free_port, tmp_path)


@pytest.fixture
def load(mesh):
    def start(threads=4):
        return Load(f"http://127.0.0.1:{mesh.port}/", "web", threads)

    return start


def ask(sock, rest=b"", headers=b""):
    """The body of the answer to one more request on a connection."""
    sock.sendall(GET[:-2] + headers + b"\r\n")
    head, rest = read_until(sock, b"\r\n\r\n", rest)
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    while len(rest) < size:
        rest += sock.recv(65536)
    return rest[:size]


def until(mesh, figure, value):
    """Look until a figure of the client has that value; each look takes the router a turn."""
    for _ in range(2000):
        found = mesh.metrics()[f"rt/http/client/#/io.l5d.fs/web/{figure}"]
        if found == value:
            return
    raise AssertionError(f"{figure} is {found}")


def test_weights_hold_in_a_whole_process(monkeypatch, twistd, free_port, tmp_path, replica):
    old, rule = (
        "dtab: /svc => /#/io.l5d.fs",
        "/svc/web => 4 * /#/io.l5d.fs/blue & /#/io.l5d.fs/green",
    )
    assert old in http_mesh.CONFIG
    config = http_mesh.CONFIG.replace(old, f"dtab: {rule}")
    monkeypatch.setattr(http_mesh, "CONFIG", config)
    mesh = FileMesh(twistd, free_port, tmp_path)
    for name in ("blue", "green"):
        mesh.name(name, replica(serving(name)).port)
    with mesh.connect() as client:
        seen = [ask(client) for _ in range(2000)]
    # Six standard deviations: once in a thousand million runs.
    assert abs(seen.count(b"green") - 400) < 6 * sqrt(2000 * 0.2 * 0.8)
    assert seen.count(b"green") + seen.count(b"blue") == 2000


def test_a_dtab_header_moves_one_request_and_no_other(mesh, replica):
    blue, green = replica(serving("blue")), replica(serving("green"))
    mesh.name("web", blue.port)
    mesh.name("green", green.port)
    override = b"l5d-dtab: /svc/web => /svc/green\r\n"
    with mesh.connect() as client, mesh.connect() as other:
        for _ in range(20):
            assert ask(client) == b"blue"
            assert ask(client, headers=override) == b"green"
            assert ask(other) == b"blue"
    heads = b"".join(green.facts["heads"]).lower()
    assert heads.count(b"l5d-ctx-dtab: /svc/web=>/svc/green\r\n") == 20
    assert b"l5d-dtab:" not in heads
    assert b"dtab" not in b"".join(blue.facts["heads"]).lower()


def test_dtab_headers_of_pipelined_requests_hold_for_their_own_request(mesh, replica):
    mesh.name("web", replica(serving("blue")).port)
    mesh.name("green", replica(serving("green")).port)
    moved = GET[:-2] + b"l5d-dtab: /svc/web => /svc/green\r\n\r\n"
    with mesh.connect() as client:
        client.sendall((GET + moved) * 50)
        bodies, rest = [], b""
        for _ in range(100):
            head, rest = read_until(client, b"\r\n\r\n", rest)
            size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            while len(rest) < size:
                rest += client.recv(65536)
            bodies.append(rest[:size])
            rest = rest[size:]
    assert bodies == [b"blue", b"green"] * 50


def test_a_file_moves_the_traffic_back_and_forth_under_load_and_no_request_fails(
    mesh, replica, load
):
    blue, green = replica(serving("blue")), replica(serving("green"))
    mesh.name("web", blue.port)
    with mesh.connect() as client:
        assert ask(client) == b"blue"
    with load() as running:
        for _ in range(5):
            mesh.name("web", green.port)
            running.wait_for_all(b"green")
            mesh.name("web", blue.port, green.port)
            running.wait_for_more(200)
            mesh.name("web", blue.port)
            running.wait_for_all(b"blue")
            running.wait_for_more(50)
    assert set(running.answers) == {(200, b"blue"), (200, b"green")}
    assert mesh.server_metric("failures") == 0
    assert mesh.server_metric("requests") == mesh.server_metric("success")
    until(mesh, "loadbalancer/size", 1)


def test_once_moved_nothing_goes_back_to_the_old_version(mesh, replica, load):
    blue, green = replica(serving("blue")), replica(serving("green"))
    mesh.name("web", blue.port)
    with mesh.connect() as client:
        assert ask(client) == b"blue"
    with load() as running:
        running.wait_for_more(100)
        mesh.name("web", green.port)
        running.wait_for_all(b"green")
        moved = len(running.answers)
        running.wait_for_more(500)
    assert set(running.answers[moved:]) == {(200, b"green")}


def test_a_request_under_way_ends_where_it_began(mesh, replica):
    asked, go = threading.Event(), threading.Event()

    def slow(sock, _me):
        read_until(sock, b"\r\n\r\n")
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbl")
        asked.set()
        assert go.wait(30)
        sock.sendall(b"ue")

    mesh.name("web", replica(slow).port)
    with mesh.connect() as first, mesh.connect() as second:
        first.sendall(GET)
        assert asked.wait(30)
        mesh.name("web", replica(serving("green")).port)
        until(mesh, "loadbalancer/adds", 2)
        assert ask(second) == b"green"
        go.set()
        _, rest = read_until(first, b"\r\n\r\n")
        assert read_until(first, b"blue", rest)[0] == b"blue"
