import json
import os
import socket

import pytest

from linkerpy.net.inherited import SOCKETS, Inherited, InheritError, from_environment
from linkerpy.net.inherited import to_environment as passed_on
from linkerpy.net.listen import bind, listen
from tests.net.wire import Recorder, factory

LOCAL = "127.0.0.1"


@pytest.fixture
def closing():
    """Closes what is added to it."""
    things = []
    yield things.append
    for thing in things:
        thing.close()


def test_a_server_takes_the_socket_of_its_address(loop):
    sock = bind(LOCAL, 0)
    port = sock.getsockname()[1]
    inherited = Inherited()
    inherited.add(LOCAL, port, sock)
    protocol = Recorder()
    listen(loop.reactor, factory(lambda: protocol), LOCAL, port, inherited=inherited)
    peer = socket.create_connection((LOCAL, port))
    loop.until(lambda: protocol.connected, "the connection")
    peer.close()
    assert inherited.take(LOCAL, port) is None


def test_connections_from_before_a_port_accepts_are_served_then(loop):
    sock = bind(LOCAL, 0)
    port = sock.getsockname()[1]
    peer = socket.create_connection((LOCAL, port))
    peer.sendall(b"early")
    inherited = Inherited()
    inherited.add(LOCAL, port, sock)
    protocol = Recorder()
    listen(loop.reactor, factory(lambda: protocol), LOCAL, port, inherited=inherited)
    loop.until(lambda: protocol.data, "the data")
    peer.close()


def test_a_port_that_stops_leaves_the_copies_of_its_socket_listening(loop):
    listening = listen(loop.reactor, factory(Recorder), LOCAL, 0)
    where = listening.getHost()
    copy = listening.socket.dup()
    stopped = []
    listening.stopListening().addCallback(stopped.append)
    loop.until(lambda: stopped, "the end of the port")
    inherited = Inherited()
    inherited.add(LOCAL, where.port, copy)
    protocol = Recorder()
    listen(loop.reactor, factory(lambda: protocol), LOCAL, where.port, inherited=inherited)
    peer = socket.create_connection((LOCAL, where.port))
    loop.until(lambda: protocol.connected, "the connection")
    peer.close()


def test_only_the_address_itself_counts(closing):
    inherited = Inherited()
    closing(inherited)
    inherited.add(LOCAL, 4140, bind(LOCAL, 0))
    assert inherited.take("0.0.0.0", 4140) is None
    assert inherited.take(LOCAL, 4141) is None
    assert inherited.unused == ["127.0.0.1:4140"]


def test_sockets_of_one_address_are_given_out_in_their_order(closing):
    inherited = Inherited()
    first, second = bind(LOCAL, 0), bind(LOCAL, 0)
    for sock in (first, second):
        closing(sock)
        inherited.add(LOCAL, 0, sock)
    assert inherited.take(LOCAL, 0) is first
    assert inherited.take(LOCAL, 0) is second
    assert inherited.take(LOCAL, 0) is None


def test_a_socket_that_its_giver_keeps_is_found_again(closing):
    inherited = Inherited()
    closing(inherited)
    sock = bind(LOCAL, 0)
    inherited.add(LOCAL, 80, sock, kept=True)
    for _ in range(2):
        taken = inherited.take(LOCAL, 80)
        assert taken.getsockname() == sock.getsockname()
        assert taken.fileno() != sock.fileno()
        taken.close()
    assert inherited.unused == []


def test_what_nobody_took_can_be_closed_but_for_what_is_kept(closing):
    inherited = Inherited()
    closing(inherited)
    ours, kept = bind(LOCAL, 0), bind(LOCAL, 0)
    inherited.add(LOCAL, 1, ours)
    inherited.add(LOCAL, 2, kept, kept=True)
    inherited.close_unkept()
    assert ours.fileno() == -1
    assert kept.fileno() != -1


def test_sockets_pass_through_the_environment(closing):
    inherited = Inherited()
    closing(inherited)
    sock = bind(LOCAL, 0)
    inherited.add(LOCAL, 0, sock, kept=True)
    environ, fds = passed_on(list(inherited))
    assert fds == (sock.fileno(),)
    copy = os.dup(fds[0])
    [[_host, _port, _fd, kept]] = json.loads(environ[SOCKETS])
    environ = {SOCKETS: json.dumps([[LOCAL, 0, copy, kept]])}
    received = from_environment(environ, os.getpid())
    closing(received)
    assert environ == {}
    [given] = received
    assert (given.host, given.port, given.kept) == (LOCAL, 0, True)
    assert given.socket.getsockname() == sock.getsockname()
    assert not os.get_inheritable(copy)


def test_systemds_sockets_are_for_the_process_that_it_names():
    environ = {"LISTEN_PID": "1", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "web", "HOME": "/"}
    assert list(from_environment(environ, 2)) == []
    assert environ == {"HOME": "/"}


@pytest.mark.parametrize(
    "kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM], ids=["not listening", "datagrams"]
)
def test_other_sockets_are_refused(kind):
    with socket.socket(socket.AF_INET, kind) as sock:
        fd = sock.detach()
        environ = {SOCKETS: json.dumps([[LOCAL, 4140, fd, False]])}
        with pytest.raises(InheritError, match=rf"{fd} \(127.0.0.1:4140\) is no listening TCP"):
            from_environment(environ, os.getpid())


def test_a_descriptor_that_is_not_open_is_refused():
    environ = {SOCKETS: json.dumps([[LOCAL, 4140, 999, False]])}
    with pytest.raises(InheritError, match=r"descriptor 999 .* Bad file descriptor"):
        from_environment(environ, os.getpid())
