"""Clients and backends that are slow, never read, or send without end: little is kept, all ends."""

import tracemalloc

import pytest

from linkerpy.codec.body import HIGH_WATER
from linkerpy.codec.fields import Fields
from tests.attack.corpus import CHUNKED, GET, NEXT
from tests.attack.names import RealNames
from tests.attack.stage import PROBE
from tests.protocol.http import playbook
from tests.protocol.http.playbook import OK, answer, chunk, get

MB = 1 << 20
UPLOAD = b"POST / HTTP/1.1\r\nHost: web\r\nContent-Length: %d\r\n\r\n" % (1 << 40)
DOWNLOAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def grown():
    """How many bytes more are allocated than when the test began."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        yield lambda: tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


# -- slow heads -----------------------------------------------------------------------------------


def drip(mesh, client, data, seconds):
    """Send a byte each second."""
    for index in range(seconds):
        client.send(data[index : index + 1])
        mesh.wait(1)


def test_a_head_that_drips_ends_in_a_408_however_steadily_it_drips(mesh):
    client = mesh.client()
    drip(mesh, client, GET + b"A: " + b"b" * 100, 55)
    assert client.rest() == b""
    drip(mesh, client, b"b" * 10, 10)
    assert client.response().status == 408
    assert mesh.connects == 0
    client.send(b"\r\n\r\n" + NEXT)
    assert client.rest() == b""


def test_a_head_that_drips_behind_a_good_request_ends_in_a_408(mesh):
    client = mesh.client()
    client.send(get() + b"GET /sl")
    mesh.wait(100)  # the first one's time is its own
    mesh.backend().serve()
    assert client.response().status == 200
    mesh.wait(61)
    assert client.response().status == 408


def test_a_head_that_is_complete_in_time_has_all_the_time_for_its_answer(mesh):
    client = mesh.client()
    drip(mesh, client, get(), len(get()))
    mesh.wait(300)
    mesh.backend().serve()
    assert client.response().status == 200
    mesh.wait(300)
    assert client.open, "no head has begun"


@pytest.mark.parametrize("first", [b"\r\n", b""])
def test_a_connection_that_says_nothing_is_no_slow_head(mesh, first):
    client = mesh.client()
    client.send(first)
    mesh.wait(300)
    assert client.open
    client.send(get())
    mesh.backend().serve()
    assert client.response().status == 200


def test_two_hundred_heads_that_never_end_cost_little(mesh, grown):
    clients = [mesh.client() for _ in range(200)]
    for client in clients:
        client.send(GET + b"A: " + b"b" * 7000)
    assert grown() < 8 * MB
    mesh.wait(61)
    assert {client.response().status for client in clients} == {408}
    mesh.wait(6)
    assert not any(client.open for client in clients)


# -- after a refusal ------------------------------------------------------------------------------


def test_a_refused_client_that_does_not_close_is_cut_off(mesh):
    client = mesh.client()
    client.send(b"GET / HTTP/9.9\r\n\r\n")
    assert client.response().status == 505
    assert client.open, "a reset now might destroy the answer"
    mesh.wait(6)
    assert client.aborted


def test_a_refused_client_that_goes_on_sending_is_cut_off_and_nothing_is_kept(mesh, grown):
    client = mesh.client()
    client.send(b"GET / HTTP/9.9\r\n\r\n")
    before, sent = grown(), 0
    while client.open:
        client.send(b"x" * 65536)
        sent += 65536
        assert sent < 4 * MB
    assert sent >= MB
    assert grown() - before < MB


# -- bodies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (UPLOAD, b"x" * 65536),
        (CHUNKED, chunk(b"x" * 16384)),
        (CHUNKED, chunk(b"x") * 10_000),
    ],
    ids=["length", "chunks", "chunks of a byte"],
)
def test_a_backend_that_never_reads_stops_the_client(mesh, grown, head, piece):
    client = mesh.client()
    client.send(head)
    mesh.backend().stall()
    kept = stopped(client, piece)
    assert kept < 8 * HIGH_WATER
    assert grown() < 16 * MB


@pytest.mark.parametrize("size", [16384, 16])
def test_a_client_that_never_reads_stops_the_backend(mesh, grown, size):
    client = mesh.client()
    client.send(get())
    backend = mesh.backend()
    backend.send(DOWNLOAD)
    client.stall()
    kept = stopped(backend, chunk(b"x" * size) * max(1, 16384 // size))
    assert kept < 16 * HIGH_WATER
    assert grown() < 16 * MB


def test_a_body_that_nobody_can_take_yet_is_held_at_its_client(mesh):
    mesh.network.silent.add("10.0.0.1:80")
    client = mesh.client()
    client.send(UPLOAD)
    assert stopped(client, b"x" * 16384) < 4 * HIGH_WATER


def stopped(end, piece):
    """Send pieces for as long as the router reads; how many bytes that were."""
    sent = 0
    while end.read_from:
        end.send(piece)
        sent += len(piece)
        assert sent < 32 * MB, "the router reads without end"
    return sent


def test_a_body_that_drips_keeps_nothing(mesh, grown):
    client = mesh.client()
    client.send(CHUNKED)
    backend = mesh.backend()
    backend.rest()
    for _ in range(200):
        client.send(chunk(b"x"))
        mesh.wait(1)
        assert backend.rest() == chunk(b"x")
    assert grown() < MB
    client.hang_up()
    assert backend.aborted


def test_a_client_that_asks_and_never_reads_is_not_read_either(mesh):
    client = mesh.client()
    client.stall()
    for _ in range(200):
        if not client.read_from:
            break
        client.send(PROBE)
        mesh.backend().send(answer(b"x" * 16384))
    assert client.transport.unsent < 16 * HIGH_WATER


def test_a_body_that_stops_ends_in_time(mesh):
    client = mesh.client()
    client.send(UPLOAD + b"abc")
    assert mesh.connects == 1
    mesh.wait(3600)
    assert mesh.backend().aborted
    assert client.response().status == 408
    mesh.wait(6)
    assert client.aborted


def test_a_client_that_never_reads_its_response_is_cut_off_in_time(mesh):
    client = mesh.client()
    client.send(get())
    backend = mesh.backend()
    backend.send(DOWNLOAD)
    client.stall()
    stopped(backend, chunk(b"x" * 16384))
    mesh.wait(3600)
    assert client.aborted
    assert backend.aborted


# -- many of everything ---------------------------------------------------------------------------


def test_thousands_of_requests_in_one_read_are_answered_in_order(mesh):
    client = mesh.client()
    client.send(b"GET / HTTP/1.1\r\n\r\n" * 3600)
    assert client.rest().count(b"HTTP/1.1 400 Bad Request\r\n") == 3600
    assert client.ask(get("/", "")).status == 400


def test_ever_new_hosts_leave_no_figures_behind(play, monkeypatch):
    monkeypatch.setattr(playbook, "Names", RealNames)
    mesh = play(dtab="/svc => /$/inet/10.0.0.1/80", paths=10, trees=10, bounds=10)
    client = mesh.client()

    def figures_after(first, last):
        for number in range(first, last):
            client.send(get("/", f"host-{number}"))
            mesh.backend().serve()
            assert client.response().status == 200
        return sum(1 for _ in mesh.metrics.walk())

    assert figures_after(0, 50) == figures_after(50, 300)


# -- backends without end -------------------------------------------------------------------------


def test_interim_responses_without_end_keep_nothing(mesh, grown):
    client = mesh.client()
    client.send(get())
    backend = mesh.backend()
    backend.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 1000)
    before = grown()
    for _ in range(20):
        backend.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 1000)
    assert grown() - before < MB
    assert client.rest() == b""
    backend.send(OK)
    assert client.response().status == 200


def test_a_response_head_that_drips_is_bounded_by_its_limit(mesh):
    client = mesh.client()
    client.send(get())
    backend = mesh.backend()
    backend.send(b"HTTP/1.1 200 OK\r\n")
    sent = 0
    while backend.open:
        backend.send(b"A: b\r\n" * 10)
        sent += 60
        assert sent < 9000
    assert client.response().status == 502


# -- many headers ---------------------------------------------------------------------------------


def test_twenty_thousand_headers_pass_whole_where_they_are_allowed(play):
    mesh = play(wire={"max_headers": MB})
    mesh.bind("/svc/web", "10.0.0.1:80")
    lines = b"".join(b"A%d: b\r\n" % n for n in range(20_000))
    client = mesh.client()
    client.send(GET + lines + b"\r\n")
    assert lines in mesh.backend().rest()
    mesh.backend().send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + lines + b"\r\n")
    assert lines in client.rest()


class Counted(bytes):
    """A value that counts what it is compared with."""

    comparisons = 0
    __hash__ = bytes.__hash__

    def __eq__(self, other):
        Counted.comparisons += 1
        return bytes.__eq__(self, other)


def test_many_connection_headers_are_not_compared_each_with_each():
    Counted.comparisons = 0
    pairs = [(b"Connection", Counted(b"%d" % n)) for n in range(300)]
    Fields(pairs)
    assert Counted.comparisons < 3000
