"""Upgrades as a way past the router, and tunnels as a way to make it keep what nobody takes."""

import pytest

from linkerpy.codec.body import HIGH_WATER
from tests.attack.corpus import EVIL, GET, POST

WISH = GET + b"Connection: upgrade\r\nUpgrade: websocket\r\n"
AGREED = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"


def wish(mesh, sent=WISH + b"\r\n"):
    """A client that wishes, and the backend that is asked."""
    client = mesh.client()
    client.send(sent)
    backend = mesh.backend()
    backend.rest()
    return client, backend


@pytest.mark.parametrize("late", [False, True])
def test_what_a_client_sends_before_the_agreement_reaches_nobody(mesh, late):
    client, backend = wish(mesh, WISH + b"\r\n" + (b"" if late else EVIL))
    if late:
        client.send(EVIL)
    backend.send(AGREED)
    assert client.response().status == 502
    assert backend.rest() == b""
    assert not backend.open
    assert mesh.connects == 1


@pytest.mark.parametrize(
    "sent",
    [
        POST + b"Connection: upgrade\r\nUpgrade: x\r\nContent-Length: 3\r\n\r\nabc",
        POST + b"Connection: upgrade\r\nUpgrade: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        GET + b"Upgrade: websocket\r\n\r\n",
        GET + b"Connection: upgrade\r\n\r\n",
        GET + b"Connection: upgrade\r\nUpgrade: h2c\r\n\r\n",
        GET + b"Connection: upgrade\r\nUpgrade: websocket, H2C\r\n\r\n",
        GET + b"Connection: upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n\r\n",
        GET + b"Connection: upgrade\r\nUpgrade: HTTP/2.0\r\n\r\n",
        GET + b"Connection: upgrade\r\nUpgrade: TLS/1.3\r\n\r\n",
        b"GET / HTTP/1.0\r\nHost: web\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    ],
)
def test_no_101_is_passed_on_that_the_backend_was_not_asked_for(mesh, sent):
    client, backend = wish(mesh, sent)
    backend.send(AGREED + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
    assert client.response().status == 502
    assert not backend.open
    assert b"evil" not in client.rest()


def test_no_101_is_passed_on_to_another_protocol_than_asked_for(mesh):
    client, backend = wish(mesh)
    backend.send(AGREED.replace(b"websocket", b"h2c"))
    assert client.response().status == 502
    assert not backend.open


@pytest.mark.parametrize("status", [b"200 OK", b"403 Forbidden", b"426 Upgrade Required"])
def test_behind_a_refusal_it_is_http_as_before(mesh, status):
    client, backend = wish(mesh)
    backend.send(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
    client.response()
    client.send(b"\x81\x05hello")
    assert client.response().status == 400
    assert backend.rest() == b""


@pytest.mark.parametrize("slow", ["client", "backend"])
def test_a_tunnel_keeps_little_for_a_side_that_never_reads(mesh, slow):
    client, backend = wish(mesh)
    backend.send(AGREED)
    reader, sender = (client, backend) if slow == "client" else (backend, client)
    before = len(reader.transport.seen)
    reader.stall()
    sent = 0
    while sender.read_from:
        sender.send(b"x" * 16384)
        sent += 16384
        assert sent < 16 * HIGH_WATER
    reader.drain()
    assert sender.read_from
    assert len(reader.transport.seen) == before + sent
