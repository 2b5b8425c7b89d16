"""What a TCP transport promises, kept by Twisted's transports and by linkerpy's."""

import hashlib
import socket
import struct
from select import EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT

import pytest
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IPullProducer,
    IPushProducer,
    ITCPTransport,
)
from twisted.python import log
from zope.interface import implementer
from zope.interface.verify import verifyObject

from linkerpy.net.listen import listen
from tests.net.wire import Pair, Recorder, factory

BIG = 8 * 1024 * 1024


@implementer(IHalfCloseableProtocol)
class HalfRecorder(Recorder):
    def __init__(self):
        super().__init__()
        self.read_lost = self.write_lost = 0

    def readConnectionLost(self):
        self.read_lost += 1

    def writeConnectionLost(self):
        self.write_lost += 1


class RawPeer:
    """A plain socket connected to a server protocol of the loop."""

    def __init__(self, loop, protocol):
        self.port = loop.reactor.listenTCP(0, factory(lambda: protocol), interface="127.0.0.1")
        self.socket = socket.create_connection(("127.0.0.1", self.port.getHost().port))
        self.socket.setblocking(False)
        loop.until(lambda: protocol.connected, "the connection")

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


@implementer(IPushProducer)
class Push:
    """Writes pieces in every turn of the reactor while it is not paused."""

    def __init__(self, loop, transport, total, piece=65536):
        self.loop, self.transport = loop, transport
        self.left, self.piece = total, piece
        self.paused = self.stopped = False
        self.pauses = 0
        transport.registerProducer(self, True)
        loop.reactor.callLater(0, self.produce)

    def produce(self):
        while self.left and not self.paused and not self.stopped:
            self.left -= self.piece
            self.transport.write(b"p" * self.piece)
        if not self.left:
            self.transport.unregisterProducer()

    def pauseProducing(self):
        self.paused = True
        self.pauses += 1

    def resumeProducing(self):
        self.paused = False
        self.loop.reactor.callLater(0, self.produce)

    def stopProducing(self):
        self.stopped = True


@implementer(IPullProducer)
class Pull:
    """Writes one piece each time it is asked."""

    def __init__(self, transport, pieces):
        self.transport, self.pieces = transport, list(pieces)
        self.depth = 0
        self.stopped = False

    def resumeProducing(self):
        assert self.depth == 0, "asked for more from within its own write"
        self.depth += 1
        if self.pieces:
            self.transport.write(self.pieces.pop(0))
        else:
            self.transport.unregisterProducer()
        self.depth -= 1

    def stopProducing(self):
        self.stopped = True


def buffered(transport):
    return len(transport.dataBuffer) - transport.offset + transport._tempDataLen


def test_transports_provide_the_interface(any_loop):
    pair = Pair(any_loop)
    assert verifyObject(ITCPTransport, pair.client.transport)
    assert verifyObject(ITCPTransport, pair.server.transport)
    pair.client.transport.setTcpKeepAlive(True)
    assert pair.client.transport.getTcpKeepAlive()
    pair.client.transport.setTcpNoDelay(False)
    assert not pair.client.transport.getTcpNoDelay()
    assert pair.client.transport.getPeer() == pair.server.transport.getHost()


def test_small_and_large_writes_arrive_in_order(any_loop):
    pair = Pair(any_loop)
    sent = []
    for index in range(60):
        data = bytes([index]) * (1 if index % 3 else 200_000)
        if index % 2:
            pair.client.transport.write(data)
        else:
            pair.client.transport.writeSequence([data[:5], b"", data[5:]])
        sent.append(data)
    expected = b"".join(sent)
    any_loop.until(lambda: len(pair.server.data) >= len(expected), "all data")
    assert pair.server.data == expected


def test_a_sequence_longer_than_one_system_call_takes_arrives_whole(any_loop):
    pair = Pair(any_loop)
    pieces = [b"%05d" % index for index in range(5000)]
    pair.client.transport.writeSequence(tuple(pieces[:2500]))
    pair.client.transport.writeSequence(pieces[2500:])
    any_loop.until(lambda: len(pair.server.data) >= 25000, "all data")
    assert pair.server.data == b"".join(pieces)


def test_a_sequence_that_the_socket_takes_in_part_arrives_whole(any_loop):
    pair = Pair(any_loop)
    pair.server.transport.pauseProducing()
    pieces = [bytes([index]) * 300_000 for index in range(40)]
    pair.client.transport.writeSequence(pieces)
    assert buffered(pair.client.transport) > 0
    pair.client.transport.write(b"end")
    pair.server.transport.resumeProducing()
    expected = b"".join(pieces) + b"end"
    any_loop.until(lambda: len(pair.server.data) >= len(expected), "all data")
    assert hashlib.sha256(pair.server.data).digest() == hashlib.sha256(expected).digest()


def test_an_empty_write_sends_nothing_and_breaks_nothing(any_loop):
    pair = Pair(any_loop)
    pair.client.transport.write(b"")
    pair.client.transport.writeSequence([])
    pair.client.transport.writeSequence([b"", b""])
    pair.client.transport.write(b"x")
    any_loop.until(lambda: pair.server.data, "the byte")
    assert pair.server.data == b"x"
    assert not pair.server.lost


def test_text_is_refused(any_loop):
    pair = Pair(any_loop)
    with pytest.raises(TypeError):
        pair.client.transport.write("text")
    with pytest.raises(TypeError):
        pair.client.transport.writeSequence([b"bytes", "text"])


def test_a_push_producer_is_paused_and_resumed(any_loop):
    pair = Pair(any_loop)
    pair.server.transport.pauseProducing()
    producer = Push(any_loop, pair.client.transport, 16 * 1024 * 1024)
    any_loop.until(lambda: producer.paused, "the pause")
    any_loop.turns()
    assert buffered(pair.client.transport) <= pair.client.transport.bufferSize + producer.piece
    pair.server.transport.resumeProducing()
    any_loop.until(lambda: len(pair.server.data) == 16 * 1024 * 1024, "all data")
    assert producer.left == 0


def test_a_pull_producer_is_asked_until_it_is_done(any_loop):
    pair = Pair(any_loop)
    pieces = [b"%d" % index for index in range(50)] + [b"x" * BIG, b"end"]
    producer = Pull(pair.client.transport, pieces)
    pair.client.transport.registerProducer(producer, False)
    expected = b"".join(pieces)
    any_loop.until(lambda: len(pair.server.data) == len(expected), "all data")
    any_loop.until(lambda: pair.client.transport.producer is None, "the producer to leave")
    assert pair.server.data == expected


def test_a_producer_is_stopped_when_the_connection_is_lost(any_loop):
    pair = Pair(any_loop)
    producer = Pull(pair.client.transport, [])
    producer.resumeProducing = lambda: None
    pair.client.transport.registerProducer(producer, False)
    pair.server.transport.abortConnection()
    any_loop.until(lambda: pair.client.lost, "the loss")
    assert producer.stopped


def test_a_second_producer_is_refused(any_loop):
    pair = Pair(any_loop)
    Push(any_loop, pair.client.transport, 65536)
    with pytest.raises(RuntimeError):
        pair.client.transport.registerProducer(object(), True)


def test_nothing_is_received_while_paused(any_loop):
    pair = Pair(any_loop)
    pair.server.on_data = lambda data: pair.server.transport.pauseProducing()
    pair.client.transport.write(b"x" * 300_000)
    any_loop.until(lambda: pair.server.data, "the first read")
    first = len(pair.server.data)
    any_loop.turns(20)
    assert len(pair.server.data) == first
    pair.server.on_data = lambda data: None
    pair.server.transport.resumeProducing()
    any_loop.until(lambda: len(pair.server.data) == 300_000, "the rest")


def test_a_connection_paused_by_another_in_the_same_round_receives_nothing(loop):
    first, second = Pair(loop), Pair(loop)
    for one, other in ((first, second), (second, first)):
        one.server.on_data = lambda data, other=other: other.server.transport.pauseProducing()
        one.client.transport.write(b"x")
    loop.until(lambda: first.server.data or second.server.data, "a byte")
    loop.turns()
    assert sorted([first.server.data, second.server.data]) == [b"", b"x"]


def test_what_was_received_for_a_paused_connection_comes_first_when_it_resumes(loop):
    pairs = [Pair(loop) for _ in range(3)]
    for pair in pairs:
        pair.server.on_data = lambda data, me=pair: [
            other.server.transport.pauseProducing() for other in pairs if other is not me
        ]
        pair.client.transport.write(b"1")
    loop.until(lambda: any(pair.server.data for pair in pairs), "a byte")
    for pair in pairs:
        pair.server.on_data = lambda data: None
        pair.client.transport.write(b"2")
        pair.client.transport.loseConnection()
    loop.turns()
    assert sorted(bytes(pair.server.data) for pair in pairs)[:2] == [b"", b""]
    for pair in pairs:
        pair.server.transport.resumeProducing()
        pair.server.transport.pauseProducing()
        loop.turns()
        pair.server.transport.resumeProducing()
    loop.until(lambda: all(pair.server.lost for pair in pairs), "the ends")
    assert [bytes(pair.server.data) for pair in pairs] == [b"12"] * 3


def test_half_close_lets_the_other_direction_live(any_loop):
    pair = Pair(any_loop, HalfRecorder, HalfRecorder)
    pair.client.transport.write(b"q" * BIG)
    pair.client.transport.loseWriteConnection()
    any_loop.until(lambda: pair.server.read_lost, "the end of the request")
    assert len(pair.server.data) == BIG
    assert pair.client.write_lost == 1
    pair.client.transport.write(b"too late")
    pair.server.transport.write(b"reply")
    pair.server.transport.loseWriteConnection()
    any_loop.until(lambda: pair.client.read_lost, "the end of the reply")
    assert pair.client.data == b"reply"
    assert not pair.client.lost
    assert not pair.server.lost
    pair.client.transport.loseConnection()
    pair.server.transport.loseConnection()
    any_loop.until(lambda: pair.client.lost and pair.server.lost, "both ends")
    assert len(pair.server.data) == BIG


def test_a_peers_half_close_ends_a_protocol_that_knows_none(any_loop):
    pair = Pair(any_loop, HalfRecorder, Recorder)
    pair.client.transport.loseWriteConnection()
    any_loop.until(lambda: pair.server.lost, "the end")
    assert isinstance(pair.server.lost[0], ConnectionDone)


def test_abort_resets_and_delivers_nothing_more(any_loop):
    pair = Pair(any_loop)
    pair.server.transport.write(b"x" * BIG)
    any_loop.until(lambda: pair.client.data, "some data")
    pair.client.transport.abortConnection()
    received = len(pair.client.data)
    assert not pair.client.lost
    pair.client.transport.write(b"after")
    any_loop.until(lambda: pair.client.lost and pair.server.lost, "both ends")
    assert len(pair.client.data) == received
    assert [type(error) for error in pair.client.lost] == [ConnectionAborted]
    assert [type(error) for error in pair.server.lost] == [ConnectionLost]
    assert pair.server.data == b""


def test_lose_connection_first_sends_what_is_buffered(any_loop):
    pair = Pair(any_loop)
    pair.server.transport.pauseProducing()
    pair.client.transport.write(b"x" * BIG)
    pair.client.transport.loseConnection()
    any_loop.turns()
    assert not pair.client.lost
    pair.server.transport.resumeProducing()
    any_loop.until(lambda: pair.client.lost and pair.server.lost, "both ends")
    assert len(pair.server.data) == BIG
    assert isinstance(pair.client.lost[0], ConnectionDone)
    assert isinstance(pair.server.lost[0], ConnectionDone)


def test_lose_connection_with_a_paused_producer_waits_for_it(any_loop):
    pair = Pair(any_loop)
    pair.server.transport.pauseProducing()
    producer = Push(any_loop, pair.client.transport, 16 * 1024 * 1024)
    any_loop.until(lambda: producer.paused, "the pause")
    pair.client.transport.loseConnection()
    pair.server.transport.resumeProducing()
    any_loop.until(lambda: pair.client.lost and pair.server.lost, "both ends")
    assert len(pair.server.data) == 16 * 1024 * 1024


def test_writes_after_the_loss_are_ignored(any_loop):
    pair = Pair(any_loop)
    transport = pair.client.transport
    transport.write(b"last")
    transport.loseConnection()
    any_loop.until(lambda: pair.client.lost and pair.server.lost, "both ends")
    transport.write(b"x")
    transport.writeSequence([b"x"])
    transport.loseConnection()
    transport.abortConnection()
    any_loop.turns()
    assert len(pair.client.lost) == 1
    assert pair.server.data == b"last"


def test_a_reset_by_the_peer_is_told_once_and_not_within_write(any_loop):
    protocol = Recorder()
    peer = RawPeer(any_loop, protocol)
    peer.reset()
    for _ in range(3):
        protocol.transport.write(b"x" * 1000)
        protocol.transport.writeSequence([b"y", b"z"])
    assert not protocol.lost
    any_loop.until(lambda: protocol.lost, "the loss")
    any_loop.turns()
    assert [type(error) for error in protocol.lost] == [ConnectionLost]


def test_a_reset_while_reading_is_paused_is_found_by_the_next_write(any_loop):
    protocol = Recorder()
    peer = RawPeer(any_loop, protocol)
    protocol.transport.pauseProducing()
    peer.reset()
    any_loop.turns()
    assert not protocol.lost
    protocol.transport.write(b"x")
    any_loop.until(lambda: protocol.lost, "the loss")
    assert [type(error) for error in protocol.lost] == [ConnectionLost]


def test_a_hundred_megabytes_pass_a_slow_reader_in_bounded_memory(any_loop):
    total = 100 * 1024 * 1024
    received = 0
    most = 0
    pair = Pair(any_loop)
    pair.server.dataReceived = lambda data: None

    def count(data):
        nonlocal received, most
        received += len(data)
        most = max(most, buffered(pair.client.transport))
        # The reader rests for a turn of the reactor after each read.
        pair.server.transport.pauseProducing()
        any_loop.reactor.callLater(0, pair.server.transport.resumeProducing)

    pair.server.dataReceived = count
    producer = Push(any_loop, pair.client.transport, total)
    any_loop.until(lambda: received == total, "all data")
    assert producer.pauses > 0
    assert most <= pair.client.transport.bufferSize + producer.piece


def test_an_exception_in_the_protocol_costs_only_its_connection(any_loop):
    bad, good = Pair(any_loop), Pair(any_loop)
    errors = []
    log.addObserver(observer := lambda event: errors.append(event) if event["isError"] else None)

    def fail(data):
        raise ZeroDivisionError("of the application")

    bad.server.on_data = fail
    bad.client.transport.write(b"x")
    any_loop.until(lambda: bad.client.lost and bad.server.lost, "the bad connection to end")
    good.client.transport.write(b"y")
    any_loop.until(lambda: good.server.data, "the good connection to work")
    log.removeObserver(observer)
    assert isinstance(bad.server.lost[0], ZeroDivisionError)
    assert [event["failure"].type for event in errors] == [ZeroDivisionError]


def test_connections_that_close_each_other_within_a_round_are_lost_once(any_loop):
    pairs = [Pair(any_loop) for _ in range(4)]

    def drop_all(data):
        for pair in pairs:
            pair.server.transport.abortConnection()

    for pair in pairs:
        pair.server.on_data = drop_all
        pair.client.transport.write(b"x")
    any_loop.until(lambda: all(p.client.lost and p.server.lost for p in pairs), "all ends")
    any_loop.turns()
    assert [len(pair.server.lost) for pair in pairs] == [1, 1, 1, 1]
    assert sum(len(pair.server.data) for pair in pairs) == 1


@pytest.mark.parametrize("flags", [EPOLLIN, EPOLLHUP, EPOLLERR | EPOLLHUP | EPOLLIN, EPOLLOUT])
def test_an_event_meant_for_a_closed_connection_does_its_successor_no_harm(loop, flags):
    """The number of a descriptor closed within a round is given to the next one opened."""
    pair = Pair(loop)
    number = pair.server.transport.fileno()

    class Late:
        def poll(self, timeout, most):
            return [(number, flags)]

    poller, loop.reactor._poller = loop.reactor._poller, Late()
    loop.reactor.doIteration(0)
    loop.reactor._poller = poller
    pair.client.transport.write(b"alive")
    loop.until(lambda: pair.server.data, "the data")
    assert not pair.server.lost


def test_nodelay_is_on_unless_asked_otherwise(loop):
    pair = Pair(loop)
    assert pair.client.transport.getTcpNoDelay()
    assert pair.server.transport.getTcpNoDelay()


def test_a_write_reaches_the_peer_before_the_reactor_turns(loop):
    pair = Pair(loop)
    pair.client.transport.write(b"now")
    assert pair.server.transport.socket.recv(10) == b"now"
    pair.client.transport.writeSequence([b"an", b"d now"])
    assert pair.server.transport.socket.recv(10) == b"and now"


def test_listen_makes_these_transports(loop):
    protocol = Recorder()
    port = listen(loop.reactor, factory(lambda: protocol), "127.0.0.1", 0)
    with socket.create_connection(("127.0.0.1", port.getHost().port)) as peer:
        loop.until(lambda: protocol.connected, "the connection")
        protocol.transport.write(b"hello")
        assert peer.recv(10) == b"hello"


def test_a_small_write_within_a_round_is_sent_once_however_it_gets_out(loop, monkeypatch):
    """`doWrite` may come, and take a part, before the end of the round."""
    pair = Pair(loop)
    transport, around = pair.client.transport, loop.reactor.round
    monkeypatch.setattr(transport, "writeSomeData", lambda data: transport.socket.send(data[:3]))
    around.open = True
    transport.write(b"0123456789")
    transport.doWrite()
    transport.write(b"abc")
    transport.doWrite()
    around.close()
    monkeypatch.undo()
    loop.until(lambda: len(pair.server.data) >= 13, "all data")
    loop.turns()
    assert pair.server.data == b"0123456789abc"


def test_a_write_within_a_round_is_sent_at_its_end_and_before_a_close(loop):
    pair = Pair(loop)
    around = loop.reactor.round
    around.open = True
    pair.client.transport.write(b"one ")
    pair.client.transport.write(b"two ")
    pair.client.transport.writeSequence([b"three", b" "])
    pair.client.transport.write(b"x" * 100_000)
    pair.client.transport.loseConnection()
    around.close()
    loop.until(lambda: pair.server.lost, "the end")
    assert pair.server.data == b"one two three " + b"x" * 100_000


def test_an_exception_at_the_end_of_a_round_costs_only_its_connection(loop, monkeypatch):
    bad, good = Pair(loop), Pair(loop)
    around = loop.reactor.round
    monkeypatch.setattr(bad.client.transport, "flush", lambda: 1 / 0)
    around.open = True
    bad.client.transport.write(b"x")
    good.client.transport.write(b"y")
    around.close()
    loop.until(lambda: good.server.data and bad.server.lost, "the data and the loss")
    assert not good.client.lost
