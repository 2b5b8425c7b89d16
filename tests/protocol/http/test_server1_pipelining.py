"""Several requests on one connection before the first is answered, and bytes that are none."""

import pytest

from tests.protocol.http.playbook import answer, chunk, get, post


def test_pipelined_requests_are_sent_one_at_a_time_and_answered_in_order(mesh):
    client = mesh.client()
    client.send(get("/1") + get("/2") + get("/3"))
    for index in (1, 2, 3):
        assert mesh.backend().request().start == f"GET /{index} HTTP/1.1"
        assert mesh.backend().rest() == b""
        mesh.backend().send(answer(b"%d" % index))
        assert client.response().text == str(index)
    assert mesh.connects == 1
    assert client.read_from


def test_nothing_more_is_read_while_a_request_waits_its_turn(mesh):
    client = mesh.client()
    client.send(get("/1"))
    assert client.read_from
    client.send(get("/2"))
    assert not client.read_from
    mesh.backend().serve()
    assert client.read_from


def test_pipelined_requests_behind_a_streamed_response_follow_it(mesh):
    client = mesh.client()
    client.send(get("/1") + get("/2"))
    backend = mesh.backend()
    backend.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc")
    backend.send("def")
    assert client.response().body == b"abcdef"
    mesh.backend().serve(answer(b"two"))
    assert client.response().body == b"two"


def test_pipelined_requests_that_are_refused_at_once_are_answered_in_order(mesh):
    client = mesh.client()
    unnamed = "GET /{} HTTP/1.1\r\nHost:\r\n\r\n"
    client.send(unnamed.format(1).encode() + get("/2") + unnamed.format(3).encode())
    assert client.response().status == 400
    mesh.backend().serve()
    assert [client.response().status for _ in range(2)] == [200, 400]


def test_pipelined_bodies_go_with_their_requests(mesh):
    client = mesh.client()
    client.send(post(b"one") + post(b"two"))
    for body in (b"one", b"two"):
        assert mesh.backend().serve().body == body
        assert client.response().status == 200


def test_a_bad_request_behind_good_ones_is_answered_in_its_turn(mesh):
    client = mesh.client()
    client.send(get("/1") + get("/2") + b"rubbish\r\n\r\n")
    for text in (b"one", b"two"):
        mesh.backend().serve(answer(text))
        assert client.response().body == text
    response = client.response()
    assert response.status == 400
    assert response.get("Connection") == "close"
    assert client.transport.half_closed


def test_what_follows_a_request_with_close_is_not_served(mesh):
    client = mesh.client()
    client.send(get("/1", Connection="close") + get("/2"))
    mesh.backend().serve()
    assert client.response().get("Connection") == "close"
    assert mesh.backend().rest() == b""
    assert not client.open


BAD = [
    ("GET / HTTP/1.1\r\nHost: web\r\nBad Name: 1\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: web\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: web\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: web\r\nX: a\r\n b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: web\r\nX: a\rb\r\n\r\n", 400),
    ("GET / HTTP/1.1\nHost: web\n\n", 400),
    ("GET /a b HTTP/1.1\r\nHost: web\r\n\r\n", 400),
    ("GET / HTTP/3.0\r\n\r\n", 505),
    ("GET / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
    (f"GET /{'a' * 5000} HTTP/1.1\r\nHost: web\r\n\r\n", 414),
    (f"GET / HTTP/1.1\r\nHost: web\r\nX: {'a' * 9000}\r\n\r\n", 431),
    ("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
]


@pytest.mark.parametrize(("data", "status"), BAD)
def test_bytes_that_are_no_request_get_an_answer_and_the_end(mesh, data, status):
    client = mesh.client()
    client.send(data)
    response = client.response()
    assert response.status == status
    assert response.get("Connection") == "close"
    assert response.text
    assert response.get("l5d-err")
    assert client.rest() == b""
    assert mesh.connects == 0


def test_a_client_that_is_refused_and_stays_is_put_out(mesh):
    client = mesh.client()
    client.send("rubbish\r\n\r\n")
    assert client.transport.half_closed
    mesh.wait(mesh.wire.linger - 1)
    client.send("more rubbish")
    assert client.open
    mesh.wait(1.1)
    assert client.aborted


def test_a_client_that_is_refused_and_goes_on_sending_is_put_out(mesh):
    client = mesh.client()
    client.send("rubbish\r\n\r\n")
    for _ in range(20):
        client.send(b"x" * 65536)
    assert client.aborted


@pytest.mark.parametrize("started", [True, False])
def test_a_bad_chunk_is_a_400_and_nothing_of_it_reaches_the_backend(mesh, started):
    client = mesh.client()
    head = b"POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(b"good")
    if started:
        client.send(head)
        assert mesh.backend().open
        client.send("rubbish\r\n")
        assert mesh.backend().aborted
    else:
        client.send(head + b"rubbish\r\n")
        assert mesh.connects == 0
    response = client.response()
    assert response.status == 400
    assert "chunk" in response.text
    assert response.get("Connection") == "close"
    assert client.rest() == b""


def test_a_bad_chunk_while_the_name_is_looked_up_is_a_400(play):
    mesh = play()
    client = mesh.client()
    client.send("POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n")
    client.send("rubbish\r\n")
    mesh.bind("/svc/web", "10.0.0.1:80")
    assert client.response().status == 400
    assert client.rest() == b""


@pytest.mark.parametrize("first", ["GET / HTTP/1.1\r\nHo", "G"])
def test_a_head_that_does_not_come_to_its_end_is_a_408(mesh, first):
    client = mesh.client()
    client.send(first)
    mesh.wait(59)
    assert client.rest() == b""
    mesh.wait(1.1)
    assert client.response().status == 408


def test_a_half_head_behind_a_request_is_a_408_too(mesh):
    client = mesh.client()
    client.send(get() + b"GET / HT")
    mesh.wait(61)
    mesh.backend().serve()
    assert client.response().status == 200
    mesh.wait(59)
    assert client.rest() == b""
    mesh.wait(1.1)
    assert client.response().status == 408


def test_a_head_in_time_stops_the_clock(mesh):
    client = mesh.client()
    client.send("GET / HTTP/1.1\r\n")
    mesh.wait(50)
    client.send("Host: web\r\n\r\n")
    mesh.wait(50)
    mesh.backend().serve()
    assert client.response().status == 200
    mesh.wait(100)
    assert client.open
