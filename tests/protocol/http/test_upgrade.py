"""Upgrade: two connections that stop being HTTP; and CONNECT, which is refused."""

import pytest

from tests.protocol.http.playbook import answer, get

ASK = {"Connection": "Upgrade", "Upgrade": "websocket"}
SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"


def head_of(client):
    head, _, rest = client.rest().partition(b"\r\n\r\n")
    return head.decode() + "\r\n", rest


@pytest.fixture
def tunnel(mesh):
    client = mesh.client()
    client.send(get(**ASK))
    backend = mesh.backend()
    backend.request()
    backend.send(SWITCH)
    assert head_of(client)[0].startswith("HTTP/1.1 101 Switching Protocols")
    return client, backend


def test_the_wish_and_the_agreement_are_passed_on(mesh):
    client = mesh.client()
    client.send(get(**ASK, Sec_WebSocket_Key="abc"))
    asked = mesh.backend().request()
    assert asked.get("Upgrade") == "websocket"
    assert asked.get("Connection") == "upgrade"
    assert asked.get("Sec-WebSocket-Key") == "abc"
    mesh.backend().send(SWITCH)
    head, _ = head_of(client)
    assert "\r\nConnection: upgrade\r\n" in head
    assert "\r\nUpgrade: websocket\r\n" in head


def test_bytes_go_both_ways_as_they_are(tunnel):
    client, backend = tunnel
    client.send(b"GET / HTTP/1.1\r\n\r\n\x00\xff")
    assert backend.rest() == b"GET / HTTP/1.1\r\n\r\n\x00\xff"
    backend.send(b"HTTP/1.1 200 OK\r\n\r\n\x00")
    backend.send(b"more")
    assert client.rest() == b"HTTP/1.1 200 OK\r\n\r\n\x00more"


def test_what_came_with_the_101_is_not_lost(mesh):
    client = mesh.client()
    client.send(get(**ASK))
    mesh.backend().request()
    mesh.backend().send(SWITCH.encode() + b"hello")
    assert head_of(client)[1] == b"hello"


def test_an_end_of_the_backend_ends_the_client(tunnel):
    client, backend = tunnel
    backend.send(b"bye")
    backend.hang_up()
    assert client.rest() == b"bye"
    assert not client.open


def test_an_end_of_the_client_ends_the_backend(tunnel):
    client, backend = tunnel
    client.hang_up()
    assert not backend.open


def test_a_tunnel_counts_as_load_until_it_ends(mesh, tunnel):
    client, _ = tunnel
    assert mesh.gauges("client")["loadbalancer/load"] == 1
    client.hang_up()
    assert mesh.gauges("client")["loadbalancer/load"] == 0


def test_a_refused_upgrade_is_an_ordinary_exchange(mesh):
    client = mesh.client()
    for _ in range(2):
        client.send(get(**ASK))
        mesh.backend().serve(answer(b"no"))
        assert client.response().body == b"no"
    assert mesh.connects == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Upgrade": "websocket"},
        {"Connection": "Upgrade", "Upgrade": "h2c"},
        {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "websocket, H2C"},
        {"Connection": "Upgrade", "Upgrade": "TLS/1.0"},
        {"Connection": "Upgrade", "Upgrade": ""},
        {"Connection": "Upgrade", "Upgrade": "websocket", "Transfer-Encoding": "chunked"},
    ],
)
def test_what_is_no_upgrade_or_hides_http_is_not_passed_on(mesh, headers):
    client = mesh.client()
    end = b"0\r\n\r\n" if "Transfer-Encoding" in headers else b""
    client.send(get(**headers) + end)
    asked = mesh.backend().request()
    assert asked.get("Upgrade") is None
    assert asked.get("Connection") is None


def test_a_101_that_nobody_asked_for_is_a_502(mesh):
    client = mesh.client()
    client.send(get())
    mesh.backend().request()
    mesh.backend().send(SWITCH)
    reply = client.response()
    assert reply.status == 502
    assert "101 Switching Protocols" in reply.text
    assert not mesh.backend().open


def test_a_client_that_does_not_wait_for_the_101_gets_no_tunnel(mesh):
    """What it sent may have been meant as a request, and as no request: neither is passed on."""
    client = mesh.client()
    client.send(get(**ASK) + get("/hidden"))
    mesh.backend().request()
    mesh.backend().send(SWITCH)
    assert client.response().status == 502
    assert not mesh.backend(0).open


@pytest.mark.parametrize("target", ["db:5432", "/x"])
def test_connect_is_refused_and_told_what_to_do(mesh, target):
    client = mesh.client()
    client.send(f"CONNECT {target} HTTP/1.1\r\nHost: web\r\n\r\n")
    reply = client.response()
    assert reply.status == 405
    assert "`tcp` router" in reply.text
    assert mesh.connects == 0
