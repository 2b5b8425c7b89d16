"""GETs over real connections, to a namerd double and to servers that misbehave."""

import socket
from random import Random

import pytest
from twisted.internet.protocol import Factory, Protocol

from linkerpy.core.var import Source
from linkerpy.naming.addr import ADDR_NEG, ADDR_PENDING, Address, AddrFailed, bound
from linkerpy.net.fetch import HttpService
from tests.net.wire import factory
from tests.support.namerd import Double, replicas
from tests.support.processes import free_port

PATIENCE = 10.0


class Heard:
    """Keeps what a GET tells."""

    def __init__(self):
        self.begun, self.data, self.ends = 0, b"", []

    def began(self):
        self.begun += 1

    def received(self, data):
        self.data += data

    def ended(self, error):
        self.ends.append(None if error is None else str(error))


class Rude(Protocol):
    """Answers any request with bytes of the test's choice."""

    answer = b""
    close = True

    def dataReceived(self, data):
        self.transport.write(self.answer)
        if self.close:
            self.transport.loseConnection()


@pytest.fixture
def rude(loop):
    """Starts a server that answers with these bytes; returns its port."""

    def start(answer, close=True):
        kind = type("Rude", (Rude,), {"answer": answer, "close": close})
        listening = loop.reactor.listenTCP(0, factory(kind, Factory), interface="127.0.0.1")
        return listening.getHost().port

    return start


@pytest.fixture
def namerd(loop):
    return Double(loop.reactor)


def service(loop, *ports, addr=None):
    found = bound(*[Address("127.0.0.1", port) for port in ports]) if addr is None else addr
    return HttpService(loop.reactor, Source(found), "namerd", Random(1))


def get(loop, where, target="/api/1/resolve/default?path=/svc/web", **options):
    heard = Heard()
    handle = where.get(target, heard, options.pop("patience", PATIENCE), **options)
    return heard, handle


def test_an_answer_is_told_in_parts_and_its_end(loop, namerd):
    namerd.api.say("resolve", "/svc/web", replicas(8080))
    heard, _ = get(loop, service(loop, namerd.port))
    assert heard.ends == []
    loop.until(lambda: heard.ends)
    assert (heard.begun, heard.ends) == (1, [None])
    assert heard.data.startswith(b'{"type": "bound"')
    assert namerd.api.asked == ["resolve/default /svc/web"]


def test_a_watch_is_told_as_it_goes_and_is_closed_at_once(loop, namerd):
    heard, handle = get(loop, service(loop, namerd.port), "/api/1/bind/d?path=/a&watch=true")
    loop.until(lambda: namerd.api.watches)
    namerd.api.say("bind", "/a", 1)
    loop.until(lambda: heard.data == b"1\n")
    namerd.api.say("bind", "/a", 2)
    loop.until(lambda: heard.data == b"1\n2\n")
    handle.close()
    loop.until(lambda: not namerd.api.watches)
    assert heard.ends == []


def test_an_address_that_refuses_yields_to_the_next(loop, namerd):
    namerd.api.say("resolve", "/svc/web", 1)
    where = service(loop, free_port(), free_port(), namerd.port)
    for _ in range(5):
        heard, _ = get(loop, where)
        loop.until(lambda heard=heard: heard.ends)
        assert heard.ends == [None]


def test_it_waits_until_the_address_is_known(loop, namerd):
    where = service(loop, addr=ADDR_PENDING)
    heard, _ = get(loop, where)
    loop.turns()
    where.addresses.update(bound(Address("127.0.0.1", namerd.port)))
    loop.until(lambda: heard.ends)
    assert heard.ends == [None]


@pytest.mark.parametrize(
    ("addr", "reason"),
    [
        (ADDR_NEG, "namerd cannot be found: the name has no address"),
        (bound(), "namerd cannot be found: the name has no address"),
        (AddrFailed(RuntimeError("no DNS")), "namerd cannot be found: no DNS"),
    ],
)
def test_a_service_without_an_address_is_said_to_be_so(loop, addr, reason):
    heard, _ = get(loop, service(loop, addr=addr))
    loop.until(lambda: heard.ends)
    assert heard.ends == [reason]
    assert loop.reactor.getDelayedCalls() == []


def test_who_cannot_be_connected_to_is_named(loop):
    port = free_port()
    heard, _ = get(loop, service(loop, port), "/x")
    loop.until(lambda: heard.ends)
    assert heard.ends == [
        f"http://namerd/x: cannot connect to 127.0.0.1:{port}: connection refused"
    ]


def test_another_status_is_told_with_the_words_that_came_with_it(loop, namerd):
    namerd.api.refuse(400, b"Invalid path: web\nmore")
    heard, _ = get(loop, service(loop, namerd.port), "/x")
    loop.until(lambda: heard.ends)
    assert heard.ends == ["http://namerd/x: 400 Bad Request: Invalid path: web more"]
    assert heard.begun == 0


def test_the_words_of_a_refusal_are_bounded(loop, rude):
    endless = b"HTTP/1.1 500 Oh\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 100_000
    heard, _ = get(loop, service(loop, rude(endless, close=False)), "/x")
    loop.until(lambda: heard.ends)
    assert heard.ends == ["http://namerd/x: 500 Oh: " + "x" * 200 + " …"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "http://namerd/x: Connection was closed cleanly"),
        (b"SSH-2.0-OpenSSH\r\n", "http://namerd/x: "),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
            "http://namerd/x: the answer broke off",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            "http://namerd/x: the answer broke off",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "http://namerd/x: the answer broke off",
        ),
    ],
)
def test_an_answer_that_breaks_off_is_no_answer(loop, rude, answer, reason):
    heard, _ = get(loop, service(loop, rude(answer)), "/x")
    loop.until(lambda: heard.ends)
    assert heard.ends[0].startswith(reason)
    assert len(heard.ends) == 1


def test_a_body_that_lasts_until_the_connection_closes_is_whole(loop, rude):
    heard, _ = get(loop, service(loop, rude(b"HTTP/1.0 200 OK\r\n\r\n[1]")))
    loop.until(lambda: heard.ends)
    assert (heard.data, heard.ends) == (b"[1]", [None])


@pytest.mark.parametrize(
    ("answer", "whole", "begun"),
    [(b"", False, 0), (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", True, 1)],
)
def test_who_takes_too_long_is_left(loop, rude, answer, whole, begun):
    port = rude(answer, close=False)
    heard, _ = get(loop, service(loop, port), "/x", patience=0.2, whole=whole)
    loop.until(lambda: heard.ends)
    assert heard.ends == ["http://namerd/x: no answer within 0.2 s"]
    assert heard.begun == begun
    loop.until(lambda: not loop.reactor.getDelayedCalls())


def test_closing_gives_up_at_every_stage(loop, rude):
    silent = rude(b"", close=False)
    for turns in (0, 1, 2, 5):
        heard, handle = get(loop, service(loop, silent))
        loop.turns(turns)
        handle.close()
        handle.close()
        loop.turns(3)
        assert heard.ends == []
        assert loop.reactor.getDelayedCalls() == []
    waiting = service(loop, addr=ADDR_PENDING)
    heard, handle = get(loop, waiting)
    loop.turns()
    handle.close()
    waiting.addresses.update(ADDR_NEG)
    assert heard.ends == []


def test_a_vanished_peer_is_noticed_by_keep_alive(loop, namerd):
    _, handle = get(loop, service(loop, namerd.port), "/api/1/bind/d?path=/a&watch=true")
    loop.until(lambda: namerd.api.watches)
    sock = handle._connection.transport.getHandle()
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30
    handle.close()
