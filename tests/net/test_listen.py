import socket

import pytest

from linkerpy.net.errors import ListenError
from linkerpy.net.listen import accept_also, bind, bind_beside, bind_each, listen, listen_on
from linkerpy.net.options import DEFAULT_OPTIONS, SocketOptions
from tests.net.wire import Recorder, factory

LOCAL = "127.0.0.1"


def accept(loop, options=DEFAULT_OPTIONS, host=LOCAL):
    protocol = Recorder()
    port = listen(loop.reactor, factory(lambda: protocol), host, 0, options)
    peer = socket.create_connection((host, port.getHost().port))
    loop.until(lambda: protocol.connected, "the connection")
    return protocol, peer, port


def test_a_port_in_use_is_said_with_place_and_cure(loop):
    port = listen(loop.reactor, factory(Recorder), LOCAL, 0).getHost().port
    with pytest.raises(ListenError) as caught:
        listen(loop.reactor, factory(Recorder), LOCAL, port)
    assert str(caught.value) == (
        f"cannot listen on 127.0.0.1:{port}: address already in use; "
        "another process has the port: stop it or choose another port"
    )


@pytest.mark.parametrize(
    ("host", "port", "text"),
    [
        ("localhost", 0, "cannot listen on localhost:0: not an IP address; give one, or"),
        (LOCAL, 65536, "cannot listen on 127.0.0.1:65536: no such port; choose one from"),
        (LOCAL, -1, "cannot listen on 127.0.0.1:-1: no such port"),
        ("203.0.113.1", 0, "cannot listen on 203.0.113.1:0: cannot assign requested address; no"),
        ("2001:db8::1", 0, "cannot listen on [2001:db8::1]:0: cannot assign requested address"),
        ("fe80::1%nosuch", 80, "cannot listen on [fe80::1%nosuch]:80: "),
    ],
)
def test_an_address_that_cannot_be_bound_is_explained(loop, host, port, text):
    with pytest.raises(ListenError) as caught:
        listen(loop.reactor, factory(Recorder), host, port)
    assert str(caught.value).startswith(text)
    assert (caught.value.host, caught.value.port) == (host, port)


def test_ipv6_literals_are_served(loop):
    protocol, peer, _port = accept(loop, host="::1")
    peer.sendall(b"six")
    loop.until(lambda: protocol.data, "the data")
    assert protocol.transport.getPeer().host == "::1"
    peer.close()


def test_two_ports_share_an_address_with_reuse_port(loop):
    options = SocketOptions(reuse_port=True)
    first = listen(loop.reactor, factory(Recorder), LOCAL, 0, options)
    second = listen(loop.reactor, factory(Recorder), LOCAL, first.getHost().port, options)
    assert first.getHost() == second.getHost()


@pytest.mark.parametrize(
    ("options", "no_delay", "keep_alive"),
    [
        (SocketOptions(), True, False),
        (SocketOptions(no_delay=False, keep_alive=True), False, True),
        (SocketOptions(keep_alive=False, backlog=5, reuse_addr=False), True, False),
    ],
)
def test_options_reach_the_connections(loop, options, no_delay, keep_alive):
    protocol, peer, _port = accept(loop, options)
    assert protocol.transport.getTcpNoDelay() == no_delay
    assert protocol.transport.getTcpKeepAlive() == keep_alive
    peer.close()


def test_a_port_that_stops_listening_keeps_its_connections(loop):
    protocol, peer, port = accept(loop)
    stopped = []
    port.stopListening().addCallback(stopped.append)
    loop.until(lambda: stopped, "the port to close")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(peer.getpeername())
    peer.sendall(b"still")
    loop.until(lambda: protocol.data, "the data")
    peer.close()


class TestBeside:
    """An address that overlaps with one of ours, while that is still listened on."""

    @pytest.mark.parametrize(("ours", "other"), [(LOCAL, "0.0.0.0"), ("0.0.0.0", LOCAL)])
    def test_both_are_listened_on(self, loop, ours, other):
        narrow = Recorder(), Recorder()
        first = listen(loop.reactor, factory(lambda: narrow[0]), ours, 0)
        port = first.getHost().port
        with pytest.raises(ListenError):
            bind(other, port)
        listen_on(bind_beside([first], other, port), loop.reactor, factory(lambda: narrow[1]))
        peer = socket.create_connection((LOCAL, port))
        loop.until(lambda: narrow[0].connected or narrow[1].connected, "the connection")
        assert narrow[0 if ours == LOCAL else 1].connected, "the narrower is asked first"
        peer.close()


def test_those_who_wait_are_accepted_before_a_port_stops(loop):
    made = []

    def build():
        made.append(Recorder())
        return made[-1]

    listening = listen(loop.reactor, factory(build), LOCAL, 0)
    port = listening.getHost().port
    peers = [socket.create_connection((LOCAL, port)) for _ in range(5)]
    listening.stop_accepting()
    assert len(made) == 5
    for peer in peers:
        peer.sendall(b"hello")
    loop.until(lambda: all(one.data for one in made), "what they say")
    for peer in peers:
        peer.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((LOCAL, port))


def test_the_sockets_of_another_worker_are_served_like_ones_own(loop):
    (own, other), stray = bind_each("127.0.0.1", 0, 2), bind("127.0.0.1", 0)
    where = own.getsockname()
    served = []

    def build():
        served.append(Recorder())
        return served[-1]

    port = listen_on(own, loop.reactor, factory(build))
    (also,) = accept_also(loop.reactor, [other, stray])
    assert stray.fileno() == -1
    port.stopReading()  # so that what comes comes by the other
    callers = [socket.create_connection(where) for _ in range(40)]
    loop.until(lambda: served)
    assert served[0].transport.getHost() == port.getHost()
    assert served[0].transport.options is port.options
    also.stopListening()
    port.startReading()
    loop.until(lambda: len(served) == 40)  # none waits where nobody accepts
    for caller in callers:
        caller.close()
