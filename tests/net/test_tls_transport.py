"""What a TCP transport promises, kept by TLS on it: the same tests as for the plain ones."""

import pytest
from twisted.internet import asyncioreactor, epollreactor, selectreactor  # noqa: F401
from twisted.internet.error import ConnectionLost

from linkerpy.net import tls_records
from linkerpy.net.reactor import DirectEPollReactor
from linkerpy.net.tls import Tls
from linkerpy.net.transport import BULK_SIZE
from tests.net import reactors, test_transport
from tests.net.tls_loop import EveryConnectionTls
from tests.net.wire import Pair, Recorder
from tests.support.certs import Authority

SAME = [
    "transports_provide_the_interface",
    "small_and_large_writes_arrive_in_order",
    "a_sequence_longer_than_one_system_call_takes_arrives_whole",
    "a_sequence_that_the_socket_takes_in_part_arrives_whole",
    "an_empty_write_sends_nothing_and_breaks_nothing",
    "text_is_refused",
    "a_pull_producer_is_asked_until_it_is_done",
    "a_producer_is_stopped_when_the_connection_is_lost",
    "a_second_producer_is_refused",
    "nothing_is_received_while_paused",
    "half_close_lets_the_other_direction_live",
    "a_peers_half_close_ends_a_protocol_that_knows_none",
    "abort_resets_and_delivers_nothing_more",
    "lose_connection_first_sends_what_is_buffered",
    "lose_connection_with_a_paused_producer_waits_for_it",
    "writes_after_the_loss_are_ignored",
    "an_exception_in_the_protocol_costs_only_its_connection",
    "connections_that_close_each_other_within_a_round_are_lost_once",
]
"""Tests of `test_transport` that any stream passes."""

globals().update(
    {f"test_{name}": getattr(test_transport, f"test_{name}") for name in SAME},
)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


class Direct(EveryConnectionTls, DirectEPollReactor):
    """Ours."""


class Documented(Direct):
    """Where pyOpenSSL lets us no further in than it documents."""


class Select(EveryConnectionTls, selectreactor.SelectReactor):
    """Where there is no epoll."""


class Asyncio(EveryConnectionTls, reactors.AsyncioWithOurs):
    """On asyncio's loop."""


@pytest.fixture(params=[Direct, Documented, Select, Asyncio], ids=lambda kind: kind.__name__)
def any_loop(request, make_loop, authority, monkeypatch):
    if request.param is Documented:
        monkeypatch.setattr(Tls, "records", tls_records.Documented)
    return of(request.param, make_loop, authority)


@pytest.fixture
def loop(make_loop, authority):
    return of(Direct, make_loop, authority)


def of(kind, make_loop, authority):
    loop = make_loop(kind)
    loop.reactor.authority = authority
    loop.reactor.identity = authority.issue("server.test")
    return loop


def test_twenty_megabytes_pass_a_slow_reader_in_bounded_memory(any_loop):
    total = 20 * 1024 * 1024
    received = most = longest = 0
    pair = Pair(any_loop)

    def count(data):
        nonlocal received, most, longest
        received += len(data)
        most = max(most, pair.client.transport.pending)
        longest = max(longest, len(data))
        pair.server.transport.pauseProducing()
        any_loop.reactor.callLater(0, pair.server.transport.resumeProducing)

    pair.server.dataReceived = count
    producer = test_transport.Push(any_loop, pair.client.transport, total)
    any_loop.until(lambda: received == total, "all data")
    assert producer.pauses > 0
    # What records add to a piece is all that there is more than of the plain transports.
    assert most <= pair.client.transport.bufferSize + producer.piece + 1024
    assert longest <= BULK_SIZE


def test_small_writes_of_a_round_leave_together_and_arrive_in_order(loop):
    pair = Pair(loop)
    around = loop.reactor.round
    around.open = True
    for number in range(100):
        pair.client.transport.write(b"%03d" % number)
    pair.client.transport.writeSequence([b"e", b"n", b"d"])
    pair.client.transport.loseConnection()
    around.close()
    loop.until(lambda: pair.server.lost, "the end")
    assert pair.server.data == b"".join(b"%03d" % number for number in range(100)) + b"end"


def test_a_write_reaches_the_peer_before_the_reactor_turns(loop):
    pair = Pair(loop)
    pair.client.transport.write(b"now")
    assert len(pair.server.transport.socket.recv(100)) > len(b"now")


def test_a_stream_that_ends_without_close_notify_is_broken_off(any_loop):
    pair = Pair(any_loop)
    pair.client.transport.socket.shutdown(1)
    any_loop.until(lambda: pair.server.lost, "the end")
    assert isinstance(pair.server.lost[0], ConnectionLost)
    assert "close_notify" in str(pair.server.lost[0])


@pytest.mark.parametrize("size", [1, 7, 1500])
def test_records_in_pieces_of_any_size_are_put_together(any_loop, size):
    """The server's transport is fed what the client sealed, cut anew."""
    pair = Pair(any_loop)
    seal = pair.client.transport._seal
    stream = b"".join(map(seal, (b"a" * 40_000, b"b", b"c" * 16384, b"d" * 3)))
    for start in range(0, len(stream), size):
        assert pair.server.transport.deliver(stream[start : start + size]) is None
    assert pair.server.data == b"a" * 40_000 + b"b" + b"c" * 16384 + b"ddd"


class PausesAtOnce(Recorder):
    """Reads nothing until it is told to."""

    def connectionMade(self):
        self.transport.pauseProducing()


def test_a_protocol_that_pauses_at_once_gets_early_words_and_the_end_when_it_reads(any_loop):
    pair = Pair(any_loop, server=PausesAtOnce)
    pair.client.transport.write(b"early")
    pair.client.transport.loseConnection()
    any_loop.turns(20)
    assert not pair.server.data
    assert not pair.server.lost
    pair.server.transport.resumeProducing()
    any_loop.until(lambda: pair.server.lost, "the end")
    assert pair.server.data == b"early"


def test_the_end_that_came_with_the_last_words_waits_for_a_protocol_that_pauses(any_loop):
    pair = Pair(any_loop)
    pair.server.on_data = lambda data: pair.server.transport.pauseProducing()
    pair.client.transport.write(b"last")
    pair.client.transport.loseConnection()
    any_loop.until(lambda: pair.server.data, "the words")
    any_loop.turns(20)
    assert not pair.server.lost
    pair.server.transport.resumeProducing()
    any_loop.until(lambda: pair.server.lost, "the end")


def test_an_answer_is_sent_though_the_caller_has_ended_with_its_question(any_loop):
    pair = Pair(any_loop, client=test_transport.HalfRecorder)

    def answer(data):
        pair.server.transport.write(b"answer")
        pair.server.transport.loseConnection()

    pair.server.on_data = answer
    pair.client.transport.write(b"question")
    pair.client.transport.loseWriteConnection()
    any_loop.until(lambda: pair.client.read_lost or pair.client.lost, "the answer's end")
    assert pair.client.data == b"answer"
