"""Windows, both ways and on both levels: nothing is lost, nobody waits for a sibling."""

from hypothesis import given
from hypothesis import strategies as st

from linkerpy.codec.body import Body
from linkerpy.codec.http import Request, Response
from linkerpy.codec.http2 import frames
from linkerpy.codec.http2.errors import ErrorCode
from linkerpy.codec.http2.events import (
    DataReceived,
    RequestReceived,
    StreamDrained,
    StreamFailed,
    TrailersReceived,
)
from linkerpy.codec.http2.limits import Limits
from linkerpy.codec.http2.settings import OurSettings
from tests.codec.http2.ends import (
    END,
    GET,
    POST,
    WHOLE,
    Seen,
    client,
    data,
    headers,
    of,
    outcome,
    pump,
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


# Receiving


def test_a_stream_gets_credit_when_its_bytes_are_consumed():
    one = server(OurSettings(window=100_000))
    (event,) = one.receive(headers(1, POST, WHOLE))
    one.receive(data(1, b"x" * 16_384) * 4)
    assert Seen(one).of("WINDOW_UPDATE") == []
    one.consumed(event.stream, 40_000)
    assert Seen(one).of("WINDOW_UPDATE") == []
    one.consumed(event.stream, 10_000)
    assert Seen(one).of("WINDOW_UPDATE") == [[0, 1, (50_000).to_bytes(4, "big")]]


def test_the_connection_gets_credit_at_once():
    one = server(OurSettings(window=1 << 20, connection_window=1 << 20))
    one.receive(headers(1, POST, WHOLE))
    one.receive(data(1, b"x" * 16_384) * 32)
    assert [stream for _, stream, _ in Seen(one).of("WINDOW_UPDATE")] == [0]


def test_too_much_held_stops_the_connection_until_it_is_consumed():
    one = server(OurSettings(window=1 << 20, connection_window=1 << 17), Limits(max_held=100_000))
    (event,) = one.receive(headers(1, POST, WHOLE))
    for _ in range(8):
        one.receive(data(1, b"x" * 16_384))
    assert len(Seen(one).of("WINDOW_UPDATE")) == 1
    one.receive(data(1, b"x" * 16_384) * 4)
    one.consumed(event.stream, 150_000)
    assert [stream for _, stream, _ in Seen(one).of("WINDOW_UPDATE")] == [0]


def test_what_a_reset_stream_held_counts_no_more():
    one = server()
    (event,) = one.receive(headers(1, POST, WHOLE))
    one.receive(data(1, b"x" * 1000))
    one.reset(event.stream)
    assert one._held == 0
    one.consumed(event.stream, 1000)
    assert one._held == 0


def test_data_under_way_to_a_reset_stream_is_credited_to_the_connection():
    one = server()
    (event,) = one.receive(headers(1, POST, WHOLE))
    one.reset(event.stream)
    one.take()
    for _ in range(32):
        assert one.receive(data(1, b"x" * 16_384)) == []
    assert [stream for _, stream, _ in Seen(one).of("WINDOW_UPDATE")] == [0]


def test_a_stream_must_keep_to_its_window():
    one = server(OurSettings(window=65_535))
    one.receive(headers(1, POST, WHOLE))
    events = one.receive(data(1, b"x" * 16_384) * 4)
    assert outcome(one, events) == ("stream", ErrorCode.FLOW_CONTROL_ERROR)
    assert isinstance(events[-1], StreamFailed)


def test_a_peer_must_keep_to_the_window_of_the_connection():
    one = server(OurSettings(window=1 << 20, connection_window=65_535), Limits(max_held=1))
    one.receive(headers(1, POST, WHOLE))
    events = one.receive(data(1, b"x" * 16_384) * 4)
    assert outcome(one, events) == ("connection", ErrorCode.FLOW_CONTROL_ERROR)


def test_a_smaller_window_binds_once_it_is_acknowledged():
    one = server(OurSettings(window=10), greeted=False)
    one.receive(frames.PREFACE + frames.settings([]))
    events = one.receive(headers(1, POST, WHOLE) + data(1, b"x" * 1000))
    assert outcome(one, events) is None
    events = one.receive(frames.SETTINGS_ACK + headers(3, POST, WHOLE) + data(3, b"x" * 11))
    assert outcome(one, events) == ("stream", ErrorCode.FLOW_CONTROL_ERROR)


def test_padding_is_given_back():
    one = server()
    (event,) = one.receive(headers(1, POST, WHOLE))
    payload = b"\xff" + b"x" + bytes(255)
    for _ in range(200):
        for got in of(DataReceived, one.receive(data(1, payload, 8))):
            one.consumed(got.stream, len(got.data))
    assert event.stream.window_in > 30_000


def test_one_megabyte_each_way_with_trailers():
    body = bytes(range(256)) * 4096
    one, other = client(greeted=False), server(greeted=False)
    stream = one.open(Request(b"POST", b"/", [(b"host", b"web")], Body(body)))
    one.send_data(stream, body)
    one.send_trailers(stream, [(b"x", b"y")])

    def serve(event):
        if isinstance(event, RequestReceived):
            other.send_head(event.stream, Response(200, []))
        elif isinstance(event, DataReceived):
            other.send_data(event.stream, event.data)
            other.consumed(event.stream, len(event.data))
        elif isinstance(event, TrailersReceived):
            other.send_trailers(event.stream, event.trailers)

    def taken(event):
        if isinstance(event, DataReceived):
            one.consumed(event.stream, len(event.data))

    seen, _ = pump(one, other, taken, serve)
    assert b"".join(event.data for event in of(DataReceived, seen)) == body
    assert [event.trailers for event in of(TrailersReceived, seen)] == [((b"x", b"y"),)]
    assert not one.streams
    assert not other.streams
