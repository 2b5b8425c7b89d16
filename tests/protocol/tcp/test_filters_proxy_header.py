"""PROXY headers, taken from callers and given to endpoints."""

import pytest

from linkerpy.codec.proxy_protocol import make_v1, make_v2, read_proxy_header
from tests.protocol.tcp.hellos import client_hello

FAR, HERE = ("192.0.2.7", 51000), ("198.51.100.1", 3306)
MAKE = {"v1": make_v1, "v2": make_v2}


@pytest.fixture(params=["v1", "v2"])
def version(request):
    return request.param


@pytest.fixture
def behind(play):
    """A router behind a proxy that says who calls."""
    mesh = play(server={"acceptProxyProtocol": True}, client={"sendProxyProtocol": "v1"})
    mesh.bind("/svc/db", "10.0.0.1:3306")
    return mesh


def test_an_endpoint_is_told_who_calls(play, version):
    mesh = play(client={"sendProxyProtocol": version})
    mesh.bind("/svc/db", "10.0.0.1:3306")
    _, backend = mesh.session()
    header = read_proxy_header(backend.heard)
    assert (header.source, header.destination) == (("10.9.9.9", 50000), ("10.0.0.9", 4140))
    assert header.size == len(backend.heard)


def test_the_header_comes_before_what_the_caller_has_said(play, version):
    mesh = play(client={"sendProxyProtocol": version})
    caller = mesh.caller()
    caller.send(b"select 1")
    mesh.bind("/svc/db", "10.0.0.1:3306")
    heard = mesh.backend().heard
    assert heard[read_proxy_header(heard).size :] == b"select 1"


def test_what_one_proxy_said_the_next_is_told(behind, version):
    caller = behind.caller()
    assert behind.tried == []
    caller.send(MAKE[version](FAR, HERE) + b"select 1")
    assert behind.backend().heard == make_v1(FAR, HERE) + b"select 1"


def test_a_header_may_come_byte_by_byte(behind, version):
    caller = behind.caller()
    for byte in MAKE[version](FAR, HERE) + b"x":
        caller.send(bytes([byte]))
    assert behind.backend().heard == make_v1(FAR, HERE) + b"x"


def test_a_proxys_own_connection_keeps_its_own_ends(behind, version):
    behind.caller().send(MAKE[version](None, None))
    assert behind.backend().heard == make_v1(("10.9.9.9", 50000), ("10.0.0.9", 4140))


@pytest.mark.parametrize("first", [b"select 1", b"PROXY TCP4 a b c d\r\n", b"\r\n\r\n\0\r\nQUIX"])
def test_who_sends_none_is_closed_and_counted(behind, first):
    caller = behind.caller()
    caller.send(first)
    assert not caller.open
    assert behind.tried == []
    assert behind.figures("server")["failures"] == 1
    assert "the caller sent nonsense: " in behind.logged[0]


def test_who_is_silent_is_not_waited_for(play):
    mesh = play(server={"acceptProxyProtocol": True, "helloTimeoutMs": 2000})
    mesh.bind("/svc/db", "10.0.0.1:3306")
    caller = mesh.caller()
    mesh.wait(1.9)
    assert caller.open
    mesh.wait(0.2)
    assert not caller.open
    assert "no whole PROXY header in 2 s" in mesh.logged[0]


def test_a_header_may_precede_a_hello(play):
    mesh = play(server={"acceptProxyProtocol": True, "dstName": "/svc/{sni}"})
    mesh.bind("/svc/a.test", "10.0.0.1:443")
    caller = mesh.caller()
    hello = client_hello("a.test")
    caller.send(make_v1(FAR, HERE) + hello[:20])
    caller.send(hello[20:])
    assert mesh.backend().heard == hello
