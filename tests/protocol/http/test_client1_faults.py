"""Backends that refuse, stay silent, break off or speak nonsense."""

import pytest

from tests.protocol.http.playbook import OK, answer, chunk, get, post


def served(mesh, data, *, hang_up=False):
    """A request's response when the backend answers with these bytes."""
    client = mesh.client()
    client.send(get())
    mesh.backend().request()
    mesh.backend().send(data)
    if hang_up:
        mesh.backend().hang_up()
    return client


REFUSED = """\
Unable to establish connection to 10.0.0.1:80.

service name: /svc/web
client name: /#/io.l5d.fs/web
addresses: [10.0.0.1:80, 10.0.0.2:80]
selected address: 10.0.0.1:80
cause: {}
"""


@pytest.mark.parametrize(
    ("how", "cause"), [("refusing", "connection refused"), ("silent", "no answer")]
)
def test_a_backend_that_cannot_be_reached_is_named(play, how, cause):
    mesh = play()
    getattr(mesh.network, how).update({"10.0.0.1:80", "10.0.0.2:80"})
    mesh.bind("/svc/web", "10.0.0.1:80", "10.0.0.2:80")
    client = mesh.client()
    client.send(get())
    if how == "silent":
        for _ in range(10):
            assert client.rest() == b""
            mesh.wait(1)
    response = client.response()
    tried = response.text.partition(":80")[0].rpartition(" ")[2]
    assert (tried, 80) in [attempt.address for attempt in mesh.network.attempts[-2:]]
    expected = REFUSED.format(cause).replace("to 10.0.0.1:80", f"to {tried}:80")
    assert response.text == expected.replace(
        "selected address: 10.0.0.1", f"selected address: {tried}"
    )
    assert response.status == 502
    assert response.get("Content-Type") == "text/plain"
    assert response.get("l5d-err").startswith(
        f"Unable+to+establish+connection+to+{tried}%3A80.%0A%0A"
    )
    assert response.names().isdisjoint({"via", "l5d-success-class", "l5d-retryable"})
    assert client.open


def test_a_backend_that_recovers_is_used_at_once(play):
    mesh = play()
    mesh.network.refusing.add("10.0.0.1:80")
    mesh.bind("/svc/web", "10.0.0.1:80")
    client = mesh.client()
    assert client.ask(get()).status == 502
    mesh.network.refusing.clear()
    client.send(get())
    mesh.backend().serve()
    assert client.response().status == 200


@pytest.mark.parametrize("part", ["", "HTTP/1.1 200 OK\r\nContent-Le"])
def test_a_backend_that_closes_before_its_response_is_a_502(mesh, part):
    client = served(mesh, part, hang_up=True)
    response = client.response()
    assert response.status == 502
    assert response.text.startswith("The backend 10.0.0.1:80 closed the connection")
    assert client.open
    assert mesh.counters("client")["failures/com.twitter.finagle.ChannelClosedException"] == 1


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(b"abc"),
    ],
)
def test_a_response_that_breaks_off_breaks_the_clients_connection(mesh, data):
    client = served(mesh, data, hang_up=True)
    assert client.aborted
    assert client.message() is None, "it must not look whole"
    assert b"abc" in client.rest()


def test_bytes_beyond_the_content_length_do_not_reach_the_client(mesh):
    client = served(mesh, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcEVIL")
    assert client.response().body == b"abc"
    assert client.rest() == b""
    assert mesh.backend().aborted
    client.send(get())
    mesh.backend().serve()
    assert client.response().body == b"ok"
    assert mesh.connects == 2


GARBAGE = [
    ("SSH-2.0-OpenSSH_9.6\r\n\r\n", "status line"),
    ("\x16\x03\x01\x00", "TLS"),
    ("HTTP/1.1 200 OK\r\nBad Header: x\r\n\r\n", "header name"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "conflicting"),
    ("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "not a number"),
    ("HTTP/2.0 200 OK\r\n\r\n", "not supported"),
    (f"HTTP/1.1 200 OK\r\nX: {'a' * 9000}\r\n\r\n", "larger than 8192"),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n", "chunk"),
]


@pytest.mark.parametrize(("data", "told"), GARBAGE)
def test_a_backend_that_speaks_garbage_is_a_502_that_says_so(mesh, data, told):
    client = served(mesh, data)
    response = client.response()
    assert response.status == 502
    assert response.text.startswith("The backend 10.0.0.1:80 sent no valid HTTP/1: ")
    assert told in response.text
    assert response.get("l5d-retryable") is None
    assert mesh.backend().aborted
    assert client.open


def test_garbage_within_a_streamed_response_breaks_the_clients_connection(mesh):
    client = served(mesh, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    mesh.backend().send("nonsense\r\n")
    assert client.aborted
    assert mesh.backend().aborted


def test_a_backend_that_closes_an_idle_connection_is_connected_to_again(mesh):
    client = served(mesh, OK)
    mesh.backend().hang_up()
    client.send(get())
    mesh.backend().serve()
    assert client.response().status == 200
    assert mesh.connects == 2


def test_bytes_on_an_idle_connection_end_it_before_anyone_else_is_lent_it(mesh):
    client = served(mesh, OK)
    client.response()
    mesh.backend().send("HTTP/1.1 408 Too slow\r\nContent-Length: 0\r\n\r\n", turn=False)
    client.send(get(), turn=False)
    mesh.turn()
    assert mesh.connects == 2
    mesh.backend().serve()
    assert client.response().status == 200


def test_a_backend_that_closes_within_the_request_is_a_502(mesh):
    client = mesh.client()
    client.send("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 9999\r\n\r\nabc")
    mesh.backend().hang_up()
    response = client.response()
    assert response.status == 502
    assert response.get("Connection") == "close"
    client.send("defghij")
    assert client.rest() == b""


def test_a_backend_that_closes_after_an_early_response_delivers_it(mesh):
    client = mesh.client()
    client.send("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 9999\r\n\r\nabc")
    mesh.backend().send(answer(b"no", status="403 No"), turn=False)
    mesh.backend().hang_up()
    assert client.response().status == 403


def test_a_head_that_cannot_be_written_is_not_sent_in_part(mesh):
    """What a filter puts into a header must not become two."""
    from linkerpy.codec.http import Response

    real = mesh.port.service

    async def splitting(request):
        response = await real(request)
        response.headers.append((b"X-Split", b"a\r\nSet-Cookie: b"))
        return Response(response.status, response.headers, response.body)

    mesh.port.service = splitting
    client = served(mesh, OK)
    response = client.response()
    assert response.status == 502
    assert "set-cookie" not in response.names()
    assert "CR, LF or NUL" in response.text
    assert client.open


def test_a_defect_is_a_500_that_is_logged(mesh):
    mesh.router.paths.get = None
    response = mesh.client().ask(get())
    assert response.status == 500
    assert "TypeError" in response.text
    assert [failure.type for failure in mesh.defects] == [TypeError]
    mesh.defects.clear()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_whose_bytes_may_have_arrived_is_not_repeated(mesh, method):
    client = mesh.client()
    client.send(get() if method == "GET" else post(b"x"))
    mesh.backend().hang_up()
    assert client.response().status == 502
    assert mesh.connects == 1
