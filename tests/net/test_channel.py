import os
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.net.channel import LONGEST, Channel, ChannelError, Frames, frame

JSON = st.dictionaries(st.text(), st.integers() | st.text() | st.lists(st.integers()), max_size=4)
MESSAGES = st.lists(st.tuples(JSON, st.binary(max_size=50)), max_size=8)


@given(MESSAGES, st.integers(1, 40))
def test_messages_arrive_whole_however_they_are_cut(messages, size):
    data = b"".join(frame(body, payload) for body, payload in messages)
    frames, found = Frames(), []
    for start in range(0, len(data), size):
        found += frames.feed(data[start : start + size])
    assert [(message.body, message.payload) for message in found] == messages


def test_a_message_that_is_too_long_is_refused_before_it_has_arrived():
    with pytest.raises(ChannelError, match="too long"):
        list(Frames().feed(struct.pack("!III", LONGEST, 1, 0)))


@pytest.mark.parametrize(("text", "count"), [(b"{", 0), (b"\xff", 0), (b"{}", 1)])
def test_what_is_no_message_is_refused(text, count):
    with pytest.raises(ChannelError):
        list(Frames().feed(struct.pack("!III", len(text), 0, count) + text))


def test_descriptors_that_belong_to_no_message_are_closed():
    read, write = os.pipe()
    frames = Frames()
    list(frames.feed(b"", [read]))
    frames.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(read)
    os.close(write)


class Ends:
    """The two ends of a channel, and what each received."""

    def __init__(self, reactor):
        self.reactor = reactor
        self.received = ([], [])
        self.lost = [False, False]
        self.channels = [
            Channel(self.received[0].append, lambda: self._lost(0)),
            Channel(self.received[1].append, lambda: self._lost(1)),
        ]
        for channel, sock in zip(self.channels, socket.socketpair(), strict=True):
            channel.start(sock, reactor)

    def _lost(self, end):
        self.lost[end] = True

    def until(self, condition):
        for _ in range(10_000):
            if condition():
                return
            self.reactor.iterate(0.01)
        raise AssertionError("it never happened")


@pytest.fixture
def ends(loop):
    made = Ends(loop.reactor)
    yield made
    for channel in made.channels:
        channel.close()
    made.until(lambda: all(made.lost))


def test_messages_keep_their_order_and_their_descriptors(ends):
    pipes = [os.pipe() for _ in range(70)]
    for number, (_read, write) in enumerate(pipes):
        ends.channels[0].send({"plain": number})
        ends.channels[0].send({"pipes": number}, b"payload", [write, write])
    ends.until(lambda: len(ends.received[1]) == 140)
    for number, (read, write) in enumerate(pipes):
        plain, with_pipes = ends.received[1][2 * number : 2 * number + 2]
        assert plain.body == {"plain": number}
        assert with_pipes.body == {"pipes": number}
        assert with_pipes.payload == b"payload"
        for descriptor in with_pipes.descriptors:
            assert not os.get_inheritable(descriptor)
            os.write(descriptor, b"x")
            os.close(descriptor)
        assert os.read(read, 9) == b"xx"
        os.close(read)
        os.close(write)


def test_a_long_payload_arrives(ends):
    payload = os.urandom(1 << 21)
    ends.channels[1].send({}, payload)
    ends.until(lambda: ends.received[0])
    assert ends.received[0][0].payload == payload


def test_the_other_end_hears_of_the_end_after_what_was_sent_and_sending_is_no_error(ends):
    ends.channels[0].send({"last": 1})
    ends.channels[0].close()
    ends.until(lambda: ends.lost[1])
    assert [message.body for message in ends.received[1]] == [{"last": 1}]
    ends.channels[1].send({"too": "late"})


def test_a_broken_message_ends_the_channel(ends):
    ends.channels[0].transport.write(struct.pack("!III", 1, 0, 0) + b"{")
    ends.until(lambda: ends.lost[1])
