"""The relay of two plain sockets: what passes, what is held, how it ends, what it costs."""

import os

import pytest

from linkerpy.net import splice
from linkerpy.net.options import SocketOptions
from linkerpy.net.pipes import LARGE, Pipes
from linkerpy.net.relay import Relay, plain, relay
from linkerpy.net.splice import Splice
from tests.net import reactors
from tests.net.test_transport import HalfRecorder, Push
from tests.net.wire import Pair, Recorder

MEGABYTE = 1024 * 1024


class Joined:
    """client -- (a, splice, b) -- backend"""

    def __init__(self, loop, kind=HalfRecorder, first=b""):
        one, other = Pair(loop, kind), Pair(loop, kind)
        self.client, self.backend = one.client, other.client
        self.a, self.b = one.server.transport, other.server.transport
        self.done = []
        self.relay = relay(self.a, self.b, self.done.append, first=first)
        assert isinstance(self.relay, Splice)


class Counter(HalfRecorder):
    """Counts what it receives, to receive much."""

    def __init__(self):
        super().__init__()
        self.size = 0

    def dataReceived(self, data):
        self.size += len(data)


@pytest.fixture
def pipes(monkeypatch):
    """The pipes of one test, all of which must be back in the end."""
    own = Pipes(kept=0)
    monkeypatch.setattr(splice, "PIPES", own)
    yield own
    assert (own.lent, own.large) == (0, 0)


@pytest.fixture(
    params=[reactors.DirectWithOurs, reactors.EPollWithOurs, reactors.SelectWithOurs],
    ids=lambda kind: kind.__name__,
)
def ours(request, make_loop):
    return make_loop(request.param)


def gone(*ends):
    """Whether these have been told that their connection is over."""
    return all(end.lost or end.read_lost for end in ends)


def descriptors():
    return len(os.listdir("/proc/self/fd"))


def test_a_hundred_megabytes_pass_through_a_slow_reader_in_bounded_memory(ours, pipes):
    joined = Joined(ours, Counter)
    total = 100 * MEGABYTE
    producer = Push(ours, joined.client.transport, total)
    most = 0
    while joined.backend.size < total:
        joined.backend.transport.pauseProducing()
        ours.turns(3)
        most = max(most, held(joined))
        joined.backend.transport.resumeProducing()
        before = joined.backend.size
        ours.until(lambda: joined.backend.size > before, "progress")  # noqa: B023
    assert producer.left == 0
    assert most <= LARGE + splice._MOST
    assert joined.relay.sent == (total, 0)
    joined.relay.close()


def held(joined):
    """Bytes that the relay itself holds, in memory and in pipes."""
    sides = (joined.relay._near, joined.relay._far)
    return sum(len(side._rest) + side._held for side in sides)


def test_a_stalled_reader_stops_the_sender_and_costs_no_turns(loop, pipes):
    joined = Joined(loop, Counter)
    joined.backend.transport.pauseProducing()
    producer = Push(loop, joined.client.transport, 64 * MEGABYTE)
    loop.until(lambda: producer.paused, "the sender to be paused")
    loop.turns(50)
    at = joined.relay.sent
    assert at[0] < 64 * MEGABYTE
    near = joined.relay._near
    assert near.fileno() not in loop.reactor._reads
    loop.turns(20)
    assert joined.relay.sent == at
    joined.relay.close()


def test_bulk_borrows_a_pipe_and_chat_gives_it_back(loop, pipes):
    joined = Joined(loop)
    joined.client.transport.write(b"hello")
    loop.until(lambda: joined.backend.data == b"hello", "the first words")
    assert pipes.lent == 0
    Push(loop, joined.client.transport, 8 * MEGABYTE)
    loop.until(lambda: pipes.lent == 1, "a pipe to be borrowed")
    loop.until(lambda: len(joined.backend.data) == 8 * MEGABYTE + 5, "the bulk")
    joined.client.transport.write(b"bye")
    loop.until(lambda: joined.backend.data.endswith(b"bye"), "the last words")
    assert pipes.lent == 0
    joined.relay.close()


def test_without_pipes_bulk_passes_all_the_same(loop, monkeypatch):
    monkeypatch.setattr(splice, "PIPES", Pipes(most=0))
    joined = Joined(loop)
    joined.client.transport.write(b"x" * 8 * MEGABYTE)
    loop.until(lambda: len(joined.backend.data) == 8 * MEGABYTE, "the bulk")
    joined.relay.close()


def test_bulk_both_ways_at_once_arrives_whole_and_in_order(ours, pipes):
    joined = Joined(ours)
    up, down = os.urandom(6 * MEGABYTE), os.urandom(6 * MEGABYTE)
    joined.client.transport.write(up)
    joined.backend.transport.write(down)
    joined.client.transport.loseWriteConnection()
    joined.backend.transport.loseWriteConnection()
    ours.until(lambda: joined.done, "the end of both directions")
    ours.until(lambda: gone(joined.client, joined.backend), "both connections to close")
    assert bytes(joined.backend.data) == up
    assert bytes(joined.client.data) == down
    assert joined.relay.error is None


def test_an_end_while_the_other_direction_goes_on_is_passed_on_as_such(ours, pipes):
    joined = Joined(ours)
    joined.client.transport.write(b"question")
    joined.client.transport.loseWriteConnection()
    ours.until(lambda: joined.backend.read_lost, "the end of the question")
    assert not joined.done
    joined.backend.transport.write(b"y" * 3 * MEGABYTE)
    joined.backend.transport.loseConnection()
    ours.until(lambda: joined.done and gone(joined.client), "the end")
    assert len(joined.client.data) == 3 * MEGABYTE


def test_an_end_behind_bulk_waits_for_a_slow_reader(loop, pipes):
    joined = Joined(loop)
    joined.backend.transport.pauseProducing()
    joined.client.transport.write(b"x" * 8 * MEGABYTE)
    joined.client.transport.loseWriteConnection()
    loop.turns(50)
    assert not joined.backend.read_lost
    joined.backend.transport.resumeProducing()
    loop.until(lambda: joined.backend.read_lost, "the end")
    assert len(joined.backend.data) == 8 * MEGABYTE
    joined.relay.close()


def test_what_came_before_a_reset_still_arrives(loop, pipes):
    joined = Joined(loop)
    joined.backend.transport.write(b"last words")
    loop.until(lambda: joined.relay.sent[1] == 10, "the words to be read")
    joined.backend.transport.abortConnection()
    loop.until(lambda: joined.done, "the end")
    loop.until(lambda: gone(joined.client), "the client to hear of it")
    assert joined.client.data == b"last words"
    assert joined.relay.broken is joined.b
    assert isinstance(joined.relay.error, ConnectionResetError)


@pytest.mark.parametrize("side", ["client", "backend"])
def test_a_reset_in_the_midst_of_bulk_closes_both_once(ours, pipes, side):
    joined = Joined(ours, Counter)
    breaking, other = joined.client, joined.backend
    if side == "backend":
        breaking, other = other, breaking
    Push(ours, other.transport, 64 * MEGABYTE)
    ours.until(lambda: breaking.size > 4 * MEGABYTE, "the bulk to flow")
    breaking.transport.abortConnection()
    ours.until(lambda: joined.done, "the end")
    assert joined.done == [joined.relay]
    assert joined.relay.broken is (joined.a if side == "client" else joined.b)
    ours.until(lambda: gone(other), "the other side to be closed")


def test_a_reader_that_is_gone_ends_the_sender_though_it_is_stalled(loop, pipes):
    joined = Joined(loop, Counter)
    joined.backend.transport.pauseProducing()
    producer = Push(loop, joined.client.transport, 64 * MEGABYTE)
    loop.until(lambda: producer.paused, "the sender to be paused")
    loop.turns(20)
    joined.backend.transport.abortConnection()
    loop.until(lambda: joined.done and gone(joined.client), "the end")


def test_closing_resets_both_and_gives_back_everything(loop, pipes):
    joined = Joined(loop, Counter)
    before = descriptors()
    Push(loop, joined.client.transport, 64 * MEGABYTE)
    loop.until(lambda: pipes.lent == 1, "bulk")
    assert descriptors() == before + 2
    joined.relay.close()
    joined.relay.close()
    assert joined.done == [joined.relay]
    assert joined.relay.done
    loop.until(lambda: joined.client.lost and joined.backend.lost, "both to hear of it")
    assert descriptors() == before - 4


def test_a_transport_aborted_behind_its_back_ends_the_relay(loop, pipes):
    joined = Joined(loop)
    joined.a.abortConnection()
    loop.until(lambda: joined.done, "the end")
    loop.until(lambda: gone(joined.client, joined.backend), "both ends")


def test_first_bytes_go_before_what_follows_and_are_counted(loop, pipes):
    one, other = Pair(loop), Pair(loop)
    one.client.transport.write(b" world")
    joined = relay(one.server.transport, other.server.transport, first=b"hello")
    loop.until(lambda: len(other.client.data) == 11, "all")
    assert other.client.data == b"hello world"
    assert joined.sent == (11, 0)
    joined.close()


def test_small_pieces_of_one_round_stay_in_order(loop, pipes):
    joined = Joined(loop)
    for number in range(200):
        joined.client.transport.write(b"%03d" % number)
        joined.backend.transport.write(b"%03d" % number)
        loop.turns(1)
    expected = b"".join(b"%03d" % number for number in range(200))
    loop.until(lambda: len(joined.backend.data) == len(joined.client.data) == 600, "all")
    assert joined.backend.data == joined.client.data == expected
    joined.relay.close()


def test_only_bare_sockets_are_spliced(loop):
    one, other = Pair(loop, Recorder), Pair(loop, Recorder)
    a, b = one.server.transport, other.server.transport
    assert plain(a)
    assert plain(b)
    a.options = SocketOptions(read_timeout=60)
    assert not plain(a)
    assert isinstance(relay(a, b), Relay)
    assert not plain(b)  # it has a producer now


def test_a_transport_with_bytes_to_send_is_not_spliced(loop):
    pair = Pair(loop)
    pair.client.transport.pauseProducing()
    pair.server.transport.write(b"x" * 16 * MEGABYTE)
    assert pair.server.transport.pending
    assert not plain(pair.server.transport)


def test_one_that_has_received_what_was_not_delivered_is_not_spliced(loop):
    pair = Pair(loop)
    pair.server.transport.hold(b"kept")
    assert not plain(pair.server.transport)
