"""A relay between two connections, each with a peer at its far end."""

import pytest
from twisted.internet.error import ConnectionDone

from linkerpy.net import relay as module
from linkerpy.net.relay import relay
from linkerpy.net.transport import BULK_SIZE
from tests.net.test_transport import HalfRecorder, Push, buffered
from tests.net.wire import Pair, Recorder

MEGABYTE = 1024 * 1024


@pytest.fixture(params=["best", "buffered"], autouse=True)
def way(request, monkeypatch):
    """By splice where that can be, and without it."""
    if request.param == "buffered":
        monkeypatch.setattr(module, "HAVE_SPLICE", False)


class Joined:
    """client -- (one server, relay, the other server) -- backend"""

    def __init__(self, loop, kind=HalfRecorder):
        first, second = Pair(loop, kind), Pair(loop, kind)
        self.client, self.backend = first.client, second.client
        self.a, self.b = first.server.transport, second.server.transport
        self.done = []
        self.relay = relay(self.a, self.b, self.done.append)


def test_bytes_pass_both_ways_and_are_counted(any_loop):
    joined = Joined(any_loop)
    joined.client.transport.write(b"request")
    any_loop.until(lambda: joined.backend.data, "the request")
    joined.backend.transport.write(b"the reply")
    any_loop.until(lambda: joined.client.data, "the reply")
    assert (joined.backend.data, joined.client.data) == (b"request", b"the reply")
    assert joined.relay.sent == (7, 9)
    assert not joined.relay.done


def test_each_direction_ends_by_itself(any_loop):
    joined = Joined(any_loop)
    joined.client.transport.write(b"x" * MEGABYTE)
    joined.client.transport.loseWriteConnection()
    any_loop.until(lambda: joined.backend.read_lost, "the end of the request")
    assert len(joined.backend.data) == MEGABYTE
    assert not joined.client.lost
    joined.backend.transport.write(b"y" * MEGABYTE)
    joined.backend.transport.loseWriteConnection()
    any_loop.until(lambda: joined.client.read_lost, "the end of the reply")
    assert len(joined.client.data) == MEGABYTE
    any_loop.until(lambda: joined.done, "the relay to end")
    assert joined.done == [joined.relay]
    assert joined.relay.sent == (MEGABYTE, MEGABYTE)


def test_a_slow_receiver_slows_the_sender_and_bounds_memory(any_loop):
    joined = Joined(any_loop)
    total = 48 * MEGABYTE
    joined.backend.transport.pauseProducing()
    producer = Push(any_loop, joined.client.transport, total)
    any_loop.until(lambda: producer.paused, "the sender to be paused")
    any_loop.turns(50)
    assert producer.left > 0
    assert buffered(joined.b) <= joined.b.bufferSize + BULK_SIZE
    joined.backend.transport.resumeProducing()
    any_loop.until(lambda: len(joined.backend.data) == total, "all data")


def test_what_was_sent_before_a_close_arrives_through_a_slow_receiver(any_loop):
    joined = Joined(any_loop, Recorder)
    joined.backend.transport.pauseProducing()
    joined.client.transport.write(b"x" * 8 * MEGABYTE)
    joined.client.transport.loseConnection()
    any_loop.turns(20)
    joined.backend.transport.resumeProducing()
    any_loop.until(lambda: joined.backend.lost, "the end")
    assert len(joined.backend.data) == 8 * MEGABYTE
    assert isinstance(joined.backend.lost[0], ConnectionDone)


@pytest.mark.parametrize("side", ["client", "backend"])
def test_a_reset_of_one_side_closes_the_other(any_loop, side):
    joined = Joined(any_loop)
    getattr(joined, side).transport.abortConnection()
    other = joined.backend if side == "client" else joined.client
    any_loop.until(lambda: joined.done and (other.lost or other.read_lost), "the end")
    assert joined.relay.done


def test_closing_the_relay_resets_both(any_loop):
    joined = Joined(any_loop)
    joined.relay.close()
    any_loop.until(lambda: joined.client.lost and joined.backend.lost, "both ends")
    assert joined.done == [joined.relay]


def test_a_side_lost_before_closes_the_other(loop):
    first, second = Pair(loop), Pair(loop)
    dead = first.server.transport
    dead.loseConnection()
    loop.until(lambda: first.server.lost, "the loss")
    done = []
    relay(dead, second.server.transport, done.append)
    loop.until(lambda: second.client.lost, "the end")
    assert len(done) == 1


def test_bytes_that_arrived_while_reading_was_paused_are_relayed(loop):
    first, second = Pair(loop), Pair(loop)
    first.server.transport.pauseProducing()
    first.client.transport.write(b"early")
    loop.turns()
    relay(first.server.transport, second.server.transport)
    loop.until(lambda: second.client.data, "the data")
    assert second.client.data == b"early"
    assert not first.server.data


def test_first_bytes_go_before_what_follows_and_are_counted(any_loop):
    first, second = Pair(any_loop), Pair(any_loop)
    first.client.transport.write(b" world")
    joined = relay(first.server.transport, second.server.transport, first=b"hello")
    any_loop.until(lambda: len(second.client.data) == 11, "all")
    assert second.client.data == b"hello world"
    assert joined.sent == (11, 0)


@pytest.mark.parametrize("side", ["client", "backend"])
def test_a_relay_knows_which_side_broke_it(any_loop, side):
    joined = Joined(any_loop)
    joined.client.transport.write(b"x")
    any_loop.until(lambda: joined.backend.data, "the relay to work")
    getattr(joined, side).transport.abortConnection()
    any_loop.until(lambda: joined.done, "the end")
    assert joined.relay.broken is (joined.a if side == "client" else joined.b)
    assert joined.relay.error is not None


def test_a_proper_end_is_no_error(any_loop):
    joined = Joined(any_loop)
    joined.client.transport.loseWriteConnection()
    joined.backend.transport.loseWriteConnection()
    any_loop.until(lambda: joined.done, "the end")
    assert joined.relay.error is None
