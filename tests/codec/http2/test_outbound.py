"""Sending through the windows: nothing is lost, and nobody waits for a sibling."""

from hypothesis import given
from hypothesis import strategies as st

from linkerpy.codec.http import Response
from linkerpy.codec.http2 import frames
from linkerpy.codec.http2.events import (
    RequestReceived,
    StreamDrained,
)
from linkerpy.codec.http2.outbound import LARGEST_SENT
from linkerpy.codec.http2.stream import Stream
from tests.codec.http2.ends import (
    END,
    GET,
    WHOLE,
    Seen,
    headers,
    of,
    server,
)


def answering(windows):
    """A server with a stream for each window, whose responses have begun."""
    one = server()
    streams = []
    for at, window in enumerate(windows):
        one.receive(frames.settings([(4, window)]))
        (event,) = of(RequestReceived, one.receive(headers(2 * at + 1, GET)))
        # the setting moves all windows: put the earlier ones back
        for stream, wanted in zip(streams, windows, strict=False):
            stream.window = wanted
        streams.append(event.stream)
        one.send_head(event.stream, Response(200, []))
    one.take()
    return one, streams


def test_a_sender_sends_as_much_as_the_window_takes_then_waits():
    one, (stream,) = answering([10])
    one.send_data(stream, b"x" * 25)
    one.send_data(stream, b"", end=True)
    assert [len(payload) for *_, payload in Seen(one).of("DATA")] == [10]
    assert stream.unsent == 15
    assert of(StreamDrained, one.receive(frames.window_update(1, 10))) == []
    assert [(flags, len(payload)) for flags, _, payload in Seen(one).of("DATA")] == [(0, 10)]
    (drained,) = one.receive(frames.window_update(1, 10))
    assert isinstance(drained, StreamDrained)
    assert [(flags, len(payload)) for flags, _, payload in Seen(one).of("DATA")] == [(END, 5)]
    assert not one.streams


def test_trailers_wait_for_the_body():
    one, (stream,) = answering([1])
    one.send_data(stream, b"ab")
    one.send_trailers(stream, [(b"x-sum", b"1")])
    assert [kind for kind, *_ in Seen(one).frames] == ["DATA"]
    one.receive(frames.window_update(1, 1))
    assert [(kind, flags) for kind, flags, *_ in Seen(one).frames] == [
        ("DATA", 0),
        ("HEADERS", END | WHOLE),
    ]


def test_an_end_needs_no_window():
    one, (stream,) = answering([0])
    stream.window = -5
    one.send_data(stream, b"", end=True)
    assert [(flags, payload) for flags, _, payload in Seen(one).of("DATA")] == [(END, b"")]


def test_a_window_may_go_below_zero():
    one, (stream,) = answering([100])
    one.send_data(stream, b"x" * 100)
    one.receive(frames.settings([(4, 10)]))
    assert stream.window == -90
    one.send_data(stream, b"y")
    one.take()
    one.receive(frames.window_update(1, 90))
    assert Seen(one).of("DATA") == []
    one.receive(frames.window_update(1, 1))
    assert len(Seen(one).of("DATA")) == 1


def test_streams_that_wait_for_the_connection_take_turns():
    one, streams = answering([10**6] * 3)
    one.window = 0
    for stream in streams:
        one.send_data(stream, b"x" * 40_000)
    one.receive(frames.window_update(0, 50_000))
    sent = [(stream, len(payload)) for _, stream, payload in Seen(one).of("DATA")]
    assert sent == [(1, 16_384), (3, 16_384), (5, 16_384), (1, 848)]
    one.receive(frames.window_update(0, 10_000))
    assert [stream for _, stream, _ in Seen(one).of("DATA")] == [3]


def test_a_stalled_stream_does_not_stall_its_siblings():
    one, (stalled, free) = answering([0, 10**6])
    one.send_data(stalled, b"x" * 1000)
    one.send_data(free, b"y" * 50_000)
    assert (stalled.unsent, free.unsent) == (1000, 0)


def test_a_reset_stream_no_longer_waits():
    one, (stream, other) = answering([10**6] * 2)
    one.window = 0
    one.send_data(stream, b"x" * 10)
    one.send_data(other, b"y" * 10)
    one.reset(stream)
    one.take()
    one.receive(frames.window_update(0, 100))
    assert [payload for *_, payload in Seen(one).of("DATA")] == [b"y" * 10]
    one.send_data(stream, b"dropped")
    one.send_trailers(stream, [(b"a", b"b")])
    assert not one.out


@given(
    st.lists(st.binary(max_size=400), max_size=6),
    st.lists(st.tuples(st.booleans(), st.integers(1, 500)), max_size=8),
    st.booleans(),
)
def test_whatever_the_windows_do_the_body_arrives_whole(chunks, updates, trailers):
    one, (stream,) = answering([100])
    one.window = 50
    for chunk in chunks:
        one.send_data(stream, chunk)
    if trailers:
        one.send_trailers(stream, [(b"a", b"b")])
    else:
        one.send_data(stream, b"", end=True)
    got = b""
    for whole, more in [*updates, (True, 5000), (False, 5000)]:
        if stream.id in one.streams or whole:
            one.receive(frames.window_update(0 if whole else 1, more))
    for *_, payload in Seen(one).of("DATA"):
        got += payload
    assert got == b"".join(chunks)
    assert stream.answered


def test_frames_are_no_larger_than_the_peer_takes_nor_than_is_fair():
    one, (stream,) = answering([1 << 20])
    one.window = 1 << 20
    one.receive(frames.settings([(5, 1 << 20), (4, 1 << 20)]))
    one.take()
    one.send_data(stream, bytes(200_000), end=True)
    sizes = [len(payload) for *_, payload in Seen(one).of("DATA")]
    assert sizes == [LARGEST_SENT] * 3 + [200_000 - 3 * LARGEST_SENT]


def test_a_stream_shows_its_state():
    one, (stream,) = answering([10])
    one.send_data(stream, bytes(15))
    assert repr(stream) == "<Stream 1 receives DONE, sends BODY unsent=5 error=None>"
    assert isinstance(stream, Stream)
