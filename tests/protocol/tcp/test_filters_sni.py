"""Routing by the name that a caller's TLS asks for, which is passed on untouched."""

import pytest

from tests.protocol.tcp.hellos import client_hello

GARBAGE = [
    b"GET / HTTP/1.1\r\n\r\n",
    b"\x16\x03\x01\xff\xff",
    b"\0",
    b"\x16\x03\x01\0\x04\x02\0\0\0",
]


@pytest.fixture
def web(play):
    """A server of two HTTPS services and a default."""
    mesh = play(server={"dstName": "/svc/{sni}", "defaultDstName": "/svc/other"})
    mesh.bind("/svc/a.test", "10.0.0.1:443")
    mesh.bind("/svc/b.test", "10.0.0.2:443")
    mesh.bind("/svc/other", "10.0.0.3:443")
    return mesh


@pytest.mark.parametrize(
    ("name", "endpoint"),
    [("a.test", "10.0.0.1:443"), ("B.TEST", "10.0.0.2:443"), (None, "10.0.0.3:443")],
)
def test_each_name_has_its_endpoint(web, name, endpoint):
    caller = web.caller()
    hello = client_hello(name)
    caller.send(hello)
    assert web.tried == [endpoint]
    assert web.backend().heard == hello
    web.backend().send(b"server hello")
    assert caller.heard == b"server hello"


def test_a_hello_may_come_byte_by_byte(web):
    caller = web.caller()
    hello = client_hello("a.test")
    for byte in hello[:-1]:
        caller.send(bytes([byte]))
    assert web.tried == []
    assert caller.read_from
    caller.send(hello[-1:])
    assert web.backend().heard == hello


@pytest.mark.parametrize("first", GARBAGE)
def test_what_is_no_tls_goes_to_the_default(web, first):
    caller = web.caller()
    caller.send(first)
    assert web.tried == ["10.0.0.3:443"]
    assert web.backend().heard == first


@pytest.mark.parametrize("first", [client_hello(), *GARBAGE])
def test_without_a_default_it_is_closed_and_counted(play, first):
    mesh = play(server={"dstName": "/svc/{sni}"})
    caller = mesh.caller()
    caller.send(first)
    assert not caller.open
    assert mesh.figures("server")["failures/io.buoyant.router.RoutingFactory$UnknownDst"] == 1
    assert "no TLS server name" in mesh.logged[0]


def test_a_hello_that_is_never_finished_is_not_waited_for(web):
    caller = web.caller()
    caller.send(client_hello("a.test")[:100])
    web.wait(4.9)
    assert caller.open
    web.wait(0.2)
    assert not caller.open
    assert "no whole ClientHello in 5 s" in web.logged[0]
    assert web.tried == []


def test_nor_one_that_ends_within(web):
    caller = web.caller()
    caller.send(client_hello("a.test")[:100])
    caller.hang_up()
    assert not caller.open
    assert "ended its stream" in web.logged[0]


def test_nor_is_it_kept_without_bounds(web):
    caller = web.caller()
    record = b"\x16\x03\x01\x40\0"
    caller.send(record + b"\x01\x00\x7f\xff" + b"x" * (16384 - 4))
    assert web.tried == []
    caller.send(record + b"x" * 16384)
    assert web.tried == ["10.0.0.3:443"]  # whoever sends so much speaks no TLS


def test_a_caller_that_leaves_meanwhile_leaves_nothing(web):
    caller = web.caller()
    caller.send(client_hello("a.test")[:50])
    caller.reset()
    web.check_at_rest()
    web.wait(10)
    assert web.logged == []
