"""Bodies on their way: passed on as they come, held back where a side is slow, broken off whole."""

import pytest

from linkerpy.codec.body import HIGH_WATER
from tests.protocol.http.playbook import OK, answer, chunk, get

PIECE = b"x" * 16384
BIG = 1 << 30
UPLOAD = f"POST / HTTP/1.1\r\nHost: web\r\nContent-Length: {BIG}\r\n\r\n"
DOWNLOAD = f"HTTP/1.1 200 OK\r\nContent-Length: {BIG}\r\n\r\n"


def test_a_response_is_passed_on_as_it_comes(mesh):
    client = mesh.client()
    client.send(get())
    backend = mesh.backend()
    backend.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert client.rest().startswith(b"HTTP/1.1 200 OK\r\n")
    backend.send(chunk(b"one"))
    assert client.rest() == chunk(b"one")
    backend.send(b"3\r\ntw")
    assert client.rest() == chunk(b"tw")
    backend.send(b"o\r\n0\r\n\r\n")
    assert client.rest() == chunk(b"o") + b"0\r\n\r\n"
    assert client.open


def test_a_request_is_passed_on_as_it_comes(mesh):
    client = mesh.client()
    client.send("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 9999\r\n\r\n")
    backend = mesh.backend()
    assert backend.rest().endswith(b"\r\n\r\n")
    client.send("abc")
    assert backend.rest() == b"abc"
    client.send("d" * 9996)
    assert backend.rest() == b"d" * 9996
    backend.send(OK)
    assert client.response().status == 200


def test_a_slow_client_stops_the_backend_and_little_is_kept(mesh):
    client = mesh.client()
    client.send(get())
    backend = mesh.backend()
    backend.send(DOWNLOAD)
    client.stall()
    sent = 0
    while backend.read_from:
        backend.send(PIECE)
        sent += len(PIECE)
        assert sent < 10 * HIGH_WATER
    head = client.rest()
    client.drain()
    assert backend.read_from
    assert len(head) + len(client.rest()) == len(head) + sent
    backend.send(PIECE)
    assert client.rest() == PIECE


def test_a_slow_backend_stops_the_client_and_little_is_kept(mesh):
    client = mesh.client()
    client.send(UPLOAD)
    backend = mesh.backend()
    backend.rest()
    backend.stall()
    sent = 0
    while client.read_from:
        client.send(PIECE)
        sent += len(PIECE)
        assert sent < 10 * HIGH_WATER
    backend.drain()
    assert client.read_from
    assert len(backend.rest()) == sent
    client.send(PIECE)
    assert backend.rest() == PIECE


def test_a_body_waits_for_its_name_in_bounded_space(play):
    mesh = play()
    client = mesh.client()
    client.send(UPLOAD)
    sent = 0
    while client.read_from:
        client.send(PIECE)
        sent += len(PIECE)
        assert sent < 10 * HIGH_WATER
    mesh.bind("/svc/web", "10.0.0.1:80")
    assert client.read_from
    assert len(mesh.backend().rest().partition(b"\r\n\r\n")[2]) == sent


def test_a_slow_client_gets_all_of_a_response_whose_backend_has_gone(mesh):
    client = mesh.client()
    client.send(get())
    backend = mesh.backend()
    client.stall()
    backend.send(b"HTTP/1.1 200 OK\r\n\r\n" + PIECE)
    for _ in range(3):
        backend.send(PIECE)
    backend.hang_up()
    assert client.open
    client.drain()
    assert client.response().body == PIECE * 4


def test_both_bodies_may_be_under_way_at_once(mesh):
    client = mesh.client()
    client.send("POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n")
    backend = mesh.backend()
    backend.rest()
    backend.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    client.rest()
    for piece in (b"a", b"b"):
        client.send(chunk(piece))
        assert backend.rest() == chunk(piece)
        backend.send(chunk(piece))
        assert client.rest() == chunk(piece)
    client.send("0\r\n\r\n")
    assert backend.rest() == b"0\r\n\r\n"
    backend.send("0\r\n\r\n")
    assert client.rest() == b"0\r\n\r\n"
    assert not client.open
    assert backend.open


@pytest.mark.parametrize("backend_is_slow", [False, True])
def test_a_response_before_the_end_of_its_request_is_final(mesh, backend_is_slow):
    client = mesh.client()
    client.send(UPLOAD)
    backend = mesh.backend()
    if backend_is_slow:
        backend.stall()
        while client.read_from:
            client.send(PIECE)
    backend.send(answer(b"too much", status="413 No"))
    response = client.response()
    assert (response.status, response.get("Connection")) == (413, "close")
    assert not backend.open
    assert client.read_from, "the client sees the response only if what it sends is taken"
    client.send(PIECE)
    assert client.transport.half_closed
    client.hang_up()
    assert not client.aborted


def test_after_an_early_response_the_client_is_given_a_limited_time(mesh):
    client = mesh.client()
    client.send(UPLOAD)
    mesh.backend().send(answer(status="413 No"))
    mesh.wait(mesh.wire.linger - 1)
    client.send(PIECE)
    assert client.open
    mesh.wait(1.1)
    assert client.aborted


def test_an_early_response_is_not_followed_by_the_answer_to_another_request(mesh):
    client = mesh.client()
    client.send("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 9999\r\n\r\nab")
    mesh.backend().send(answer(status="413 No"))
    assert client.response().status == 413
    client.send(b"c" * 9997 + get("/2"))
    assert client.rest() == b""
    assert client.read_from, "its leaving would not show"
    mesh.wait(mesh.wire.linger + 0.1)
    assert not client.open


@pytest.mark.parametrize("streaming", [False, True])
def test_a_client_that_leaves_stops_the_backend(mesh, streaming):
    client = mesh.client()
    client.send(get())
    backend = mesh.backend()
    if streaming:
        backend.send(DOWNLOAD)
        backend.send(PIECE)
    client.hang_up()
    assert backend.aborted
    mesh.check_at_rest()
    assert mesh.endpoints()[0].pool.size == 0


def test_a_client_that_leaves_within_its_request_stops_the_backend(mesh):
    client = mesh.client()
    client.send(UPLOAD)
    client.send(PIECE)
    client.hang_up()
    assert mesh.backend().aborted
    mesh.check_at_rest()


def test_a_client_that_leaves_while_connecting_ends_the_attempt(play):
    mesh = play()
    mesh.network.silent.add("10.0.0.1:80")
    mesh.bind("/svc/web", "10.0.0.1:80")
    client = mesh.client()
    client.send(get())
    client.hang_up()
    assert mesh.network.attempts[0].cancelled
    assert mesh.endpoints()[0].pool.size == 0
    assert mesh.counters("client")["cancelled_connects"] == 1


@pytest.mark.parametrize("known", [False, True])
def test_a_client_that_leaves_while_its_name_is_looked_up_is_forgotten(play, known):
    mesh = play()
    if known:  # the name, not the addresses
        mesh.bind("/svc/web")
    client = mesh.client()
    client.send(get())
    client.hang_up()
    mesh.check_at_rest()
    mesh.bind("/svc/web", "10.0.0.1:80")
    assert mesh.connects == 0


def test_a_client_that_leaves_a_queue_of_requests_is_forgotten(mesh):
    client = mesh.client()
    client.send(get("/1") + get("/2"))
    client.transport.abortConnection()
    mesh.turn()
    assert mesh.connects == 1
    assert mesh.backend().aborted


def test_a_client_that_leaves_a_slow_download_lets_go_of_what_was_kept(mesh):
    client = mesh.client()
    client.send(get())
    backend = mesh.backend()
    client.stall()
    backend.send(DOWNLOAD)
    while backend.read_from:
        backend.send(PIECE)
    client.transport.abortConnection()
    mesh.turn()
    assert backend.aborted
    mesh.check_at_rest()
