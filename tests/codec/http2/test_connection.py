"""A connection from its beginning to its end: what each frame does, and what each fault costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.codec.body import Body
from linkerpy.codec.http import Response
from linkerpy.codec.http2 import frames
from linkerpy.codec.http2.errors import ConnectionFailure, ErrorCode
from linkerpy.codec.http2.events import (
    ConnectionFailed,
    DataReceived,
    PingAcknowledged,
    RequestReceived,
    SettingsAcknowledged,
    SettingsReceived,
    StreamFailed,
    TrailersReceived,
)
from linkerpy.codec.http2.settings import OurSettings
from tests.codec.http1_support import pieces
from tests.codec.http2.ends import (
    END,
    GET,
    HELLO,
    PADDED,
    POST,
    PRIORITY,
    WHOLE,
    Seen,
    data,
    frame,
    headers,
    of,
    outcome,
    server,
)

E = ErrorCode
C, S = "connection", "stream"
OPEN = headers(1, POST, WHOLE)
CLOSED_BY_US = headers(1, [*POST, (b"a", b"B\n")], WHOLE)

FAULTS = [
    # what is wrong, the frames, how it ends
    ("no SETTINGS at first", None, frames.ping(bytes(8)), (C, E.PROTOCOL_ERROR)),
    ("an ACK at first", None, frames.SETTINGS_ACK, (C, E.PROTOCOL_ERROR)),
    ("a frame too large", b"", frames.head(16_385, 0, 0, 1), (C, E.FRAME_SIZE_ERROR)),
    ("DATA on stream 0", b"", data(0), (C, E.PROTOCOL_ERROR)),
    ("DATA on an idle stream", b"", data(1), (C, E.PROTOCOL_ERROR)),
    ("DATA on an even stream", OPEN, data(2), (C, E.PROTOCOL_ERROR)),
    ("DATA behind the end", headers(1, GET), data(1, b"x"), (S, E.STREAM_CLOSED)),
    ("DATA on a stream we reset", CLOSED_BY_US, data(1, b"x"), (S, E.PROTOCOL_ERROR)),
    ("DATA with too much padding", OPEN, data(1, b"\x05abc", PADDED), (C, E.PROTOCOL_ERROR)),
    ("DATA padded by nothing", OPEN, data(1, b"", PADDED), (C, E.FRAME_SIZE_ERROR)),
    ("HEADERS on stream 0", b"", headers(0, GET), (C, E.PROTOCOL_ERROR)),
    ("HEADERS on an even stream", b"", headers(2, GET), (C, E.PROTOCOL_ERROR)),
    ("HEADERS behind the end", headers(1, GET), headers(1, [(b"a", b"b")]), (S, E.STREAM_CLOSED)),
    ("HEADERS on a skipped stream", headers(5, GET), headers(3, GET), (C, E.PROTOCOL_ERROR)),
    ("HEADERS of no HPACK", b"", frame(1, 5, 1, b"\xff\xff"), (C, E.COMPRESSION_ERROR)),
    ("trailers without an end", OPEN, headers(1, [(b"a", b"b")], WHOLE), (S, E.PROTOCOL_ERROR)),
    ("a pseudo-header in trailers", OPEN, headers(1, [(b":path", b"/")]), (S, E.PROTOCOL_ERROR)),
    ("HEADERS with half a priority", b"", frame(1, 0x25, 1, bytes(4)), (C, E.FRAME_SIZE_ERROR)),
    (
        "HEADERS depending on themselves",
        b"",
        frame(1, END | WHOLE | PRIORITY, 1, b"\0\0\0\1\0\x82"),
        (C, E.PROTOCOL_ERROR),
    ),
    ("PRIORITY on stream 0", b"", frame(2, 0, 0, bytes(5)), (C, E.PROTOCOL_ERROR)),
    ("PRIORITY of four bytes", OPEN, frame(2, 0, 1, bytes(4)), (C, E.FRAME_SIZE_ERROR)),
    ("PRIORITY depending on itself", b"", frame(2, 0, 1, b"\0\0\0\1\0"), (C, E.PROTOCOL_ERROR)),
    ("RST_STREAM on stream 0", b"", frames.rst_stream(0, 8), (C, E.PROTOCOL_ERROR)),
    ("RST_STREAM on an idle stream", b"", frames.rst_stream(1, 8), (C, E.PROTOCOL_ERROR)),
    ("RST_STREAM of three bytes", OPEN, frame(3, 0, 1, bytes(3)), (C, E.FRAME_SIZE_ERROR)),
    ("SETTINGS on a stream", b"", frame(4, 0, 1), (C, E.PROTOCOL_ERROR)),
    ("SETTINGS of five bytes", b"", frame(4, 0, 0, bytes(5)), (C, E.FRAME_SIZE_ERROR)),
    ("an ACK with settings", b"", frame(4, 1, 0, bytes(6)), (C, E.FRAME_SIZE_ERROR)),
    ("ENABLE_PUSH of 2", b"", frames.settings([(2, 2)]), (C, E.PROTOCOL_ERROR)),
    ("a window of 2^31", b"", frames.settings([(4, 2**31)]), (C, E.FLOW_CONTROL_ERROR)),
    ("frames of 16383", b"", frames.settings([(5, 16_383)]), (C, E.PROTOCOL_ERROR)),
    ("frames of 2^24", b"", frames.settings([(5, 2**24)]), (C, E.PROTOCOL_ERROR)),
    ("CONNECT_PROTOCOL of 2", b"", frames.settings([(8, 2)]), (C, E.PROTOCOL_ERROR)),
    ("CONNECT_PROTOCOL taken back", b"", frames.settings([(8, 1), (8, 0)]), (C, E.PROTOCOL_ERROR)),
    ("PUSH_PROMISE", OPEN, frame(5, WHOLE, 1, b"\0\0\0\2"), (C, E.PROTOCOL_ERROR)),
    ("PING on a stream", b"", frame(6, 0, 1, bytes(8)), (C, E.PROTOCOL_ERROR)),
    ("PING of seven bytes", b"", frame(6, 0, 0, bytes(7)), (C, E.FRAME_SIZE_ERROR)),
    ("GOAWAY on a stream", b"", frame(7, 0, 1, bytes(8)), (C, E.PROTOCOL_ERROR)),
    ("GOAWAY of seven bytes", b"", frame(7, 0, 0, bytes(7)), (C, E.FRAME_SIZE_ERROR)),
    ("WINDOW_UPDATE of three bytes", b"", frame(8, 0, 0, bytes(3)), (C, E.FRAME_SIZE_ERROR)),
    ("a window opened by 0", b"", frames.window_update(0, 0), (C, E.PROTOCOL_ERROR)),
    ("a stream opened by 0", OPEN, frames.window_update(1, 0), (S, E.PROTOCOL_ERROR)),
    ("WINDOW_UPDATE, idle", b"", frames.window_update(1, 1), (C, E.PROTOCOL_ERROR)),
    ("a window too large", b"", frames.window_update(0, 2**31 - 1), (C, E.FLOW_CONTROL_ERROR)),
    ("a stream's too large", OPEN, frames.window_update(1, 2**31 - 1), (S, E.FLOW_CONTROL_ERROR)),
    (
        "a stream's too large by settings",
        OPEN + frames.window_update(1, 2**30),
        frames.settings([(4, 2**31 - 1)]),
        (C, E.FLOW_CONTROL_ERROR),
    ),
    ("CONTINUATION alone", OPEN, frame(9, WHOLE, 1), (C, E.PROTOCOL_ERROR)),
    ("a PING within a block", headers(1, GET, 0), frames.ping(bytes(8)), (C, E.PROTOCOL_ERROR)),
    ("an unknown frame within a block", headers(1, GET, 0), frame(99, 0, 1), (C, E.PROTOCOL_ERROR)),
    ("the block of another stream", headers(1, GET, 0), frame(9, WHOLE, 3), (C, E.PROTOCOL_ERROR)),
    ("a body shorter than told", headers(1, [*POST, (b"content-length", b"2")], WHOLE),
     data(1, b"x", END), (S, E.PROTOCOL_ERROR)),
    ("a body longer than told", headers(1, [*POST, (b"content-length", b"2")], WHOLE),
     data(1, b"xyz"), (S, E.PROTOCOL_ERROR)),
    ("trailers before the body told", headers(1, [*POST, (b"content-length", b"2")], WHOLE),
     headers(1, [(b"a", b"b")]), (S, E.PROTOCOL_ERROR)),
    ("no body where one is told", b"", headers(1, [*POST, (b"content-length", b"2")]),
     (S, E.PROTOCOL_ERROR)),
    # and what is not wrong
    ("an unknown frame", b"", frame(99, 255, 7, b"?"), None),
    ("an unknown setting", b"", frames.settings([(0xFF, 1)]), None),
    ("PRIORITY of an idle stream", b"", frame(2, 0, 9, bytes(5)), None),
    ("PRIORITY of a stream that was", headers(1, GET), frame(2, 0, 1, b"\0\0\0\7\0"), None),
    ("WINDOW_UPDATE behind the end", headers(1, GET), frames.window_update(1, 5), None),
    ("padding only", OPEN, data(1, b"\x02\0\0", PADDED), None),
    ("a priority", b"", frame(1, 0x24, 1, b"\0\0\0\0\0" + b"\x83\x86\x84\x01\x01a"), None),
]  # fmt: skip


@pytest.mark.parametrize(("before", "sent", "how"), [row[1:] for row in FAULTS],
                         ids=[row[0] for row in FAULTS])  # fmt: skip
def test_each_fault_has_its_code(before, sent, how):
    if before is None:
        one = server(greeted=False)
        one.receive(frames.PREFACE)
    else:
        one = server()
        one.receive(before)
    events = one.receive(sent)
    assert outcome(one, events) == how


def test_what_is_not_http2_is_refused_at_its_first_byte():
    one = server(greeted=False)
    events = one.receive(b"G")
    assert outcome(one, events) == (C, E.PROTOCOL_ERROR)


def test_after_a_failure_nothing_is_received():
    one = server()
    one.receive(data(0))
    assert isinstance(one.failure, ConnectionFailure)
    assert one.receive(headers(1, GET)) == []


def test_what_came_before_a_fault_is_told_before_it():
    one = server()
    events = one.receive(headers(1, POST, WHOLE) + data(1, b"abc") + data(0))
    assert [type(event) for event in events] == [
        RequestReceived,
        DataReceived,
        StreamFailed,
        ConnectionFailed,
    ]
    assert not one.streams


def test_the_connection_begins_with_settings_and_a_window():
    one = server(OurSettings(window=100_000, connect_protocol=True), greeted=False)
    seen = Seen(one)
    assert [kind for kind, *_ in seen.frames] == ["SETTINGS", "WINDOW_UPDATE"]
    told = dict(frames.read_settings(seen.frames[0][3], 0, len(seen.frames[0][3])))
    assert told == {3: 1000, 4: 100_000, 6: 65_536, 8: 1}
    assert int.from_bytes(seen.frames[1][3], "big") == (1 << 20) - 65_535


def test_settings_are_acknowledged_both_ways():
    one = server(greeted=False)
    events = one.receive(HELLO + frames.SETTINGS_ACK)
    assert [type(event) for event in events] == [SettingsReceived, SettingsAcknowledged]
    assert b"".join(one.take()).endswith(frames.SETTINGS_ACK)


def test_settings_are_acknowledged_before_what_they_allow():
    one = server()
    one.receive(frames.settings([(4, 0)]))
    stream = one.receive(headers(1, GET))[0].stream
    one.take()
    respond(one, stream, b"abc")
    one.take()
    one.receive(frames.settings([(4, 10)]))
    assert [kind for kind, *_ in Seen(one).frames] == ["SETTINGS", "DATA"]


def respond(one, stream, body):
    one.send_head(stream, Response(200, [], Body(body)))
    one.send_data(stream, body, end=True)


def test_pings_are_answered_and_answers_told():
    one = server()
    one.receive(frames.ping(b"12345678"))
    assert b"".join(one.take()) == frames.ping(b"12345678", ack=True)
    one.ping(b"abcdefgh")
    (event,) = one.receive(frames.ping(b"abcdefgh", ack=True))
    assert isinstance(event, PingAcknowledged)
    assert event.payload == b"abcdefgh"


MANY = (
    HELLO
    + headers(1, POST, WHOLE)
    + data(1, b"abc")
    + headers(3, GET)
    + data(1, b"\x01d\0", PADDED)
    + headers(1, [(b"x-sum", b"1")])
    + frames.ping(bytes(8))
    + headers(5, [*POST, (b"content-length", b"3")], WHOLE)
    + data(5, b"xyz", END)
)


@given(st.lists(st.integers(0, len(MANY)), max_size=9))
def test_the_same_bytes_mean_the_same_however_they_are_cut(cuts):
    one = server(greeted=False)
    events = [event for piece in pieces(MANY, cuts) for event in one.receive(piece)]
    requests = {event.stream.id: event.request for event in of(RequestReceived, events)}
    bodies = {number: request.body.data for number, request in requests.items()}
    for event in of(DataReceived, events):
        bodies[event.stream.id] += event.data
    assert bodies == {1: b"abcd", 3: b"", 5: b"xyz"}
    (trailers,) = of(TrailersReceived, events)
    assert trailers.trailers == ((b"x-sum", b"1"),)
    assert all(stream.receiving == 2 for stream in one.streams.values())


def test_a_lost_connection_fails_what_is_open():
    one = server()
    one.receive(headers(1, GET) + headers(3, GET))
    events = one.lost(ConnectionFailure(ErrorCode.CANCEL, "gone"))
    assert [event.stream.id for event in of(StreamFailed, events)] == [1, 3]
    assert all(event.error.reason == "gone" for event in events)
    assert one.lost(ConnectionFailure(ErrorCode.CANCEL, "again")) == []
