"""Receiving through the windows: who consumes opens his own stream, and holds up no other."""

import pytest

from linkerpy.codec.body import Body
from linkerpy.codec.http import Request, Response
from linkerpy.codec.http2 import frames
from linkerpy.codec.http2.errors import ConnectionFailure, ErrorCode
from linkerpy.codec.http2.events import (
    DataReceived,
    RequestReceived,
    StreamFailed,
    TrailersReceived,
)
from linkerpy.codec.http2.inbound import must_have
from linkerpy.codec.http2.limits import Limits
from linkerpy.codec.http2.settings import OurSettings
from tests.codec.http2.ends import (
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


def test_a_frame_of_a_wrong_size_is_told_with_its_size():
    must_have(True, "PING", 8)
    with pytest.raises(ConnectionFailure, match="PING of 7 bytes"):
        must_have(False, "PING", 7)
