"""What a connection knows of bytes that its peer can not have read.

A request may be repeated only if that is certain, so the other cases matter as much.
"""

import socket
import struct

import pytest

from linkerpy.net.connect import connect
from linkerpy.net.options import DEFAULT_OPTIONS
from tests.net.wire import Recorder

RESET = struct.pack("ii", 1, 0)


@pytest.fixture
def joined(loop):
    """Our client's protocol, and the plain socket at the other end."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        made = []
        connect(
            loop.reactor,
            *listening.getsockname(),
            Recorder,
            5.0,
            DEFAULT_OPTIONS,
            on_connected=made.append,
            on_failed=made.append,
        )
        loop.until(lambda: made, "a connection")
        peer, _ = listening.accept()
        with peer:
            yield made[0], peer


def lost(loop, client):
    loop.until(lambda: client.lost, "the end of the connection")
    return client.transport.peer_had


def exchange(loop, client, peer):
    client.transport.write(b"first")
    assert peer.recv(100) == b"first"
    peer.send(b"ok")
    loop.until(lambda: client.data == b"ok", "an answer")


def test_a_peer_that_had_closed_got_only_what_came_before(loop, joined):
    client, peer = joined
    exchange(loop, client, peer)
    peer.close()
    client.transport.write(b"second")
    assert lost(loop, client) == len(b"first")


def test_a_peer_that_reads_and_closes_may_have_got_all(loop, joined):
    client, peer = joined
    exchange(loop, client, peer)
    client.transport.write(b"second")
    assert peer.recv(100) == b"second"
    peer.close()
    assert lost(loop, client) is None


def test_a_peer_that_closed_only_its_own_side_may_still_read(loop, joined):
    client, peer = joined
    exchange(loop, client, peer)
    peer.shutdown(socket.SHUT_WR)
    client.transport.write(b"second")
    assert lost(loop, client) is None
    assert peer.recv(100) == b"second"


@pytest.mark.parametrize("read", [True, False])
def test_a_peer_that_resets_may_have_got_all(loop, joined, read):
    client, peer = joined
    exchange(loop, client, peer)
    client.transport.write(b"second")
    if read:
        assert peer.recv(100) == b"second"
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    peer.close()
    assert lost(loop, client) is None


def test_a_peer_that_had_reset_tells_nothing(loop, joined):
    client, peer = joined
    exchange(loop, client, peer)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    peer.close()
    client.transport.write(b"second")
    assert lost(loop, client) is None
