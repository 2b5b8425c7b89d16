"""Read and write timeouts, on a clock moved by hand."""

import pytest
from twisted.internet import task

from linkerpy.net.connect import connect
from linkerpy.net.errors import ReadTimedOut, WriteTimedOut
from linkerpy.net.listen import listen
from linkerpy.net.options import SocketOptions
from tests.net.wire import Recorder, factory

LOCAL = "127.0.0.1"
READ = SocketOptions(read_timeout=10)
WRITE = SocketOptions(write_timeout=10)


@pytest.fixture
def clock(loop, monkeypatch):
    made = task.Clock()
    monkeypatch.setattr(loop.reactor, "callLater", made.callLater)
    monkeypatch.setattr(loop.reactor, "seconds", made.seconds)
    return made


@pytest.fixture
def pair(loop, clock):
    """Makes a (client, server) with one set of options each."""

    def make(client_options, server_options):
        server, connected = Recorder(), []
        port = listen(loop.reactor, factory(lambda: server), LOCAL, 0, server_options)
        number = port.getHost().port
        connect(
            loop.reactor,
            LOCAL,
            number,
            Recorder,
            5,
            client_options,
            on_connected=connected.append,
            on_failed=pytest.fail,
        )
        clock.advance(0)
        loop.until(lambda: connected and server.connected, "the connection")
        return connected[0], server

    return make


def test_a_silent_peer_is_broken_off(loop, clock, pair):
    client, server = pair(SocketOptions(), READ)
    clock.advance(9)
    client.transport.write(b"x")
    loop.until(lambda: server.data, "the data")
    clock.advance(9)
    assert not server.lost
    clock.advance(1)
    assert [type(error) for error in server.lost] == [ReadTimedOut]
    loop.until(lambda: client.lost, "the reset")
    assert not clock.getDelayedCalls()


def test_a_client_has_the_same_timeout(loop, clock, pair):
    client, _server = pair(READ, SocketOptions())
    clock.advance(10)
    assert [type(error) for error in client.lost] == [ReadTimedOut]
    assert "no data for 10 s" in str(client.lost[0])


def test_the_time_in_which_reading_is_paused_does_not_count(clock, pair):
    _client, server = pair(SocketOptions(), READ)
    server.transport.pauseProducing()
    clock.pump([5] * 10)
    server.transport.resumeProducing()
    clock.advance(9)
    assert not server.lost
    clock.advance(1)
    assert server.lost


def test_a_peer_that_takes_nothing_is_broken_off(loop, clock, pair):
    client, server = pair(WRITE, SocketOptions())
    clock.pump([6] * 5)
    server.transport.pauseProducing()
    client.transport.write(b"x" * 16_000_000)
    loop.turns()
    clock.advance(9)
    assert not client.lost
    clock.advance(1)
    assert [type(error) for error in client.lost] == [WriteTimedOut]


def test_a_slow_peer_is_not_broken_off(loop, clock, pair):
    client, server = pair(WRITE, SocketOptions())
    server.transport.pauseProducing()
    client.transport.write(b"x" * 16_000_000)
    for _ in range(4):
        clock.advance(9)
        before = client.transport.pending
        server.transport.resumeProducing()
        loop.until(lambda before=before: client.transport.pending < before, "some progress")
        server.transport.pauseProducing()
    assert not client.lost
    server.transport.resumeProducing()
    loop.until(lambda: len(server.data) == 16_000_000, "all data")
    clock.pump([6] * 5)
    assert not client.lost


def test_a_closed_connection_leaves_no_timer(loop, clock, pair):
    client, server = pair(WRITE, READ)
    client.transport.loseConnection()
    loop.until(lambda: client.lost and server.lost, "both ends")
    assert not clock.getDelayedCalls()
