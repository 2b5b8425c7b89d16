"""What a broken or hostile backend sends: what the client sees of it, and never of another's."""

import pytest
from twisted.internet.error import ConnectionLost

from tests.attack.corpus import EVIL as EVIL_REQUEST
from tests.attack.corpus import POST
from tests.attack.responses import RESPONSES, WHOLE, Then
from tests.attack.stage import every, pieces, without_added
from tests.protocol.http.playbook import answer, get

every_row = pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in RESPONSES])


@every_row
def test_a_response_in_one_read(mesh, row):
    client, backend = asked(mesh, row)
    tell(backend, row, row.sent)
    check(mesh, client, backend, row)


@every_row
def test_a_response_in_many_reads(mesh, row):
    client, backend = asked(mesh, row)
    tell(backend, row, *pieces(row.sent, every(row.sent)))
    if row.seen is None:
        # A body whose head has been passed on can only break.
        assert client.aborted or client.response(bodiless=row.method == "HEAD").status == 502
        return
    check(mesh, client, backend, row, exactly=False)


def asked(mesh, row):
    """A client that has asked, and the backend that must answer."""
    client = mesh.client()
    client.send(get().replace(b"GET", row.method.encode(), 1))
    backend = mesh.backend()
    backend.request()
    return client, backend


def tell(backend, row, *parts):
    for part in (*parts, row.late):
        if part and backend.open:
            backend.send(part)
    if row.then is Then.CLOSES and backend.open:
        backend.hang_up()
    if row.then is Then.RESETS:
        backend.transport._lose(ConnectionLost())
        backend.mesh.turn()


def check(mesh, client, backend, row, *, exactly=True):
    """The client saw what it should, and its next request gets its own answer."""
    seen = without_added(client.transport.seen)
    if row.seen is None:
        response = client.response(bodiless=row.method == "HEAD")
        assert response.status == 502
        assert response.get("l5d-err")
    elif exactly:
        assert seen == row.seen
    else:
        assert joined(seen) == joined(row.seen)
    client.rest()
    assert client.aborted == row.broken
    assert backend.open == row.reused
    if not row.broken:
        client.send(get("/next"))
        assert mesh.connects == (1 if row.reused else 2)
        mesh.backend().serve(answer(b"mine"))
        assert client.response().body == b"mine"


@pytest.mark.parametrize("head", [b"Content-Length: 9999", b"Transfer-Encoding: chunked"])
def test_nothing_behind_an_early_response_is_served(mesh, head):
    client = mesh.client()
    client.send(POST + head + b"\r\n\r\n")
    backend = mesh.backend()
    backend.send(WHOLE)
    backend.rest()
    response = client.response()
    assert (response.status, response.get("connection")) == (200, "close")
    for _ in range(3):
        client.send(EVIL_REQUEST)
    assert backend.aborted
    assert backend.rest() == client.rest() == b""
    assert mesh.connects == 1


@pytest.mark.parametrize("status", [b"200 OK", b"413 Content Too Large"])
def test_an_early_response_that_goes_on_is_passed_whole_with_the_request(mesh, status):
    client = mesh.client()
    client.send(POST + b"Content-Length: 6006\r\n\r\nabc")
    backend = mesh.backend()
    backend.send(b"HTTP/1.1 " + status + b"\r\nContent-Length: 4\r\n\r\nok")
    client.send(b"d" * 6000 + b"ef.")
    assert backend.rest().endswith(b"abc" + b"d" * 6000 + b"ef.")
    backend.send(b"ay")
    response = client.response()
    assert (response.body, response.get("connection")) == (b"okay", "close")
    client.send(EVIL_REQUEST)
    assert backend.rest() == b""
    other = mesh.client()
    other.send(get("/next"))
    assert mesh.connects == 1, "the backend's connection is as good as before"
    assert backend.request().start == "GET /next HTTP/1.1"


def joined(data):
    """A response whose chunks are one."""
    head, _, body = data.partition(b"\r\n\r\n")
    if b"\r\nTransfer-Encoding: chunked" not in head:
        return head, body
    text, rest = b"", body
    while rest and not rest.startswith(b"0\r\n"):
        size, _, rest = rest.partition(b"\r\n")
        text, rest = text + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    return head, text, rest
