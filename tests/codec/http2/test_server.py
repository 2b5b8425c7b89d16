"""The server's end: which requests it takes, how it answers, and how it leaves."""

import pytest

from linkerpy.codec.body import Body
from linkerpy.codec.http import HTTP_2, Request, Response
from linkerpy.codec.http2 import frames
from linkerpy.codec.http2.errors import ConnectionFailure, ErrorCode, Misuse, StreamReset
from linkerpy.codec.http2.events import RequestReceived, StreamFailed
from linkerpy.codec.http2.settings import OurSettings
from tests.codec.http2.ends import (
    END,
    GET,
    HELLO,
    POST,
    WHOLE,
    Seen,
    data,
    headers,
    of,
    outcome,
    server,
)


def asked(one, pairs=GET, number=1, flags=END | WHOLE):
    (event,) = one.receive(headers(number, pairs, flags))
    one.take()
    return event.stream


def test_a_request_has_its_parts_and_host_for_authority():
    (event,) = server().receive(headers(1, [*GET, (b"user-agent", b"x")]))
    request = event.request
    assert (request.method, request.uri, request.scheme) == (b"GET", b"/", b"http")
    assert (request.version, request.protocol) == (HTTP_2, None)
    assert request.headers == [(b"host", b"web"), (b"user-agent", b"x")]
    assert (event.ended, event.length, request.body.length) == (True, None, 0)


def test_a_body_that_comes_with_its_head_is_in_the_request():
    one = server()
    (event,) = one.receive(
        headers(1, [*POST, (b"content-length", b"3")], WHOLE) + data(1, b"abc", END)
    )
    assert event.ended
    assert (event.length, event.request.body.data) == (3, b"abc")


def test_an_end_without_data_leaves_the_body_empty():
    (event,) = server().receive(headers(1, POST, WHOLE) + data(1, b"", END))
    assert event.ended
    assert event.request.body.length == 0


def test_a_declared_length_is_told():
    (event,) = server().receive(headers(1, [*POST, (b"content-length", b"3")], WHOLE))
    assert (event.ended, event.length) == (False, 3)


def test_a_response_is_sent_in_its_order():
    one = server()
    stream = asked(one)
    one.send_interim(stream, Response(103, [(b"link", b"</x>")]))
    one.send_head(stream, Response(200, [], Body(b"ok")))
    one.send_data(stream, b"ok", end=True)
    assert [(kind, flags) for kind, flags, *_ in Seen(one).frames] == [
        ("HEADERS", WHOLE),
        ("HEADERS", WHOLE),
        ("DATA", END),
    ]
    assert not one.streams


def test_a_response_may_precede_the_end_of_the_request():
    one = server()
    stream = asked(one, POST, flags=WHOLE)
    one.send_head(stream, Response(200, []), end=True)
    assert one.streams
    one.receive(data(1, b"x", END))
    assert not one.streams


@pytest.mark.parametrize(
    "misuse",
    [
        lambda one, stream: one.send_data(stream, b"x"),
        lambda one, stream: one.send_trailers(stream, [(b"a", b"b")]),
        lambda one, stream: one.send_interim(stream, Response(200, [])),
        lambda one, stream: one.send_interim(stream, Response(101, [])),
    ],
)
def test_what_may_not_come_first_is_misuse(misuse):
    one = server()
    stream = asked(one)
    with pytest.raises(Misuse):
        misuse(one, stream)
    assert not one.out


@pytest.mark.parametrize(
    "misuse",
    [
        lambda one, stream: one.send_head(stream, Response(200, [])),
        lambda one, stream: one.send_interim(stream, Response(103, [])),
        lambda one, stream: one.send_data(stream, b"x"),
        lambda one, stream: one.send_trailers(stream, [(b"a", b"b")]),
    ],
)
def test_nothing_may_be_sent_behind_the_end(misuse):
    one = server()
    stream = asked(one)
    one.send_head(stream, Response(204, []), end=True)
    one.take()
    with pytest.raises(Misuse):
        misuse(one, stream)
    assert not one.out


def test_what_is_sent_to_a_client_that_left_is_dropped():
    one = server()
    stream = asked(one)
    (event,) = one.receive(frames.rst_stream(1, ErrorCode.CANCEL))
    assert isinstance(event, StreamFailed)
    assert isinstance(event.error, StreamReset)
    assert event.error.code == ErrorCode.CANCEL
    one.send_head(stream, Response(200, []))
    one.send_data(stream, b"x", end=True)
    one.reset(stream)
    assert not one.out


def test_a_reset_ends_a_stream_once():
    one = server()
    stream = asked(one)
    one.reset(stream, ErrorCode.INTERNAL_ERROR)
    one.reset(stream, ErrorCode.CANCEL)
    assert Seen(one).resets == [(1, ErrorCode.INTERNAL_ERROR)]


def test_more_streams_than_allowed_are_refused():
    one = server(OurSettings(max_streams=2))
    events = one.receive(headers(1, GET) + headers(3, GET) + headers(5, GET))
    assert [event.stream.id for event in events] == [1, 3]
    assert Seen(one).resets == [(5, ErrorCode.REFUSED_STREAM)]
    one.send_head(events[0].stream, Response(200, []), end=True)
    assert len(one.receive(headers(7, GET))) == 1


def test_a_head_that_is_refused_still_changes_the_table():
    one = server(OurSettings(max_streams=1))
    one.receive(headers(1, GET))
    indexed = b"\x83\x86\x84\x40\x03x-a\x01b"
    one.receive(frames.header_frames(indexed, 3, 16_384, end=True)[0] + indexed)
    one.reset(one.streams[1])
    again = b"\x83\x86\x84\xbe"
    (event,) = one.receive(frames.header_frames(again, 5, 16_384, end=True)[0] + again)
    assert event.request.get(b"x-a") == b"b"


def test_a_head_too_large_is_answered_with_431():
    one = server(OurSettings(max_header_list=1000))
    events = one.receive(headers(1, [*GET, (b"a", b"x" * 1000)]))
    assert events == []
    seen = Seen(one)
    assert [kind for kind, *_ in seen.frames] == ["HEADERS", "RST_STREAM"]
    assert b"431" in seen.of("HEADERS")[0][2]
    assert seen.resets == [(1, ErrorCode.NO_ERROR)]
    assert len(one.receive(headers(3, GET))) == 1


MALFORMED = [
    ("no method", GET[1:]),
    ("no scheme", [GET[0], *GET[2:]]),
    ("no path", [*GET[:2], GET[3]]),
    ("an empty path", [*GET[:2], (b":path", b"")]),
    ("a method twice", [GET[0], *GET]),
    ("an unknown pseudo-header", [*GET, (b":unknown", b"x")]),
    ("a status", [*GET, (b":status", b"200")]),
    ("a pseudo-header behind others", [*GET[:3], (b"a", b"b"), GET[3]]),
    ("upper case", [*GET, (b"X-A", b"b")]),
    ("no name", [*GET, (b"", b"b")]),
    ("a line end in a value", [*GET, (b"a", b"b\r\nc")]),
    ("a NUL in a value", [*GET, (b"a", b"b\0")]),
    ("space around a value", [*GET, (b"a", b" b")]),
    ("connection", [*GET, (b"connection", b"close")]),
    ("keep-alive", [*GET, (b"keep-alive", b"1")]),
    ("proxy-connection", [*GET, (b"proxy-connection", b"close")]),
    ("transfer-encoding", [*GET, (b"transfer-encoding", b"chunked")]),
    ("upgrade", [*GET, (b"upgrade", b"websocket")]),
    ("te", [*GET, (b"te", b"gzip")]),
    ("two lengths", [*GET, (b"content-length", b"0"), (b"content-length", b"0")]),
    ("a signed length", [*GET, (b"content-length", b"+0")]),
    ("an authority with a user", [*GET[:3], (b":authority", b"me@web")]),
    ("another host", [*GET, (b"host", b"other")]),
    ("CONNECT with a path", [(b":method", b"CONNECT"), (b":path", b"/"), (b":authority", b"a:1")]),
    ("CONNECT to nowhere", [(b":method", b"CONNECT")]),
    ("a protocol unasked", [(b":method", b"CONNECT"), (b":protocol", b"websocket"), *GET[1:]]),
    ("a space in the path", [*GET[:2], (b":path", b"/a b")]),
    ("a path without a slash", [*GET[:2], (b":path", b"a")]),
]


@pytest.mark.parametrize("pairs", [row[1] for row in MALFORMED], ids=[row[0] for row in MALFORMED])
def test_a_malformed_request_ends_its_stream(pairs):
    one = server()
    events = one.receive(headers(1, pairs))
    assert outcome(one, events) == ("stream", ErrorCode.PROTOCOL_ERROR)
    assert events == []
    assert len(one.receive(headers(3, GET))) == 1


WELL_FORMED = [
    ("te: trailers", [*GET, (b"te", b"trailers")], (b"te", b"trailers")),
    ("trailer", [*GET, (b"trailer", b"x")], (b"trailer", b"x")),
    ("the same host", [*GET, (b"host", b"web")], (b"host", b"web")),
    ("host alone", [*GET[:3], (b"host", b"web")], (b"host", b"web")),
    ("crumbs", [*GET, (b"cookie", b"a"), (b"x", b"y"), (b"cookie", b"b")], (b"cookie", b"a; b")),
    ("bytes above 127", [*GET, (b"a", b"\xe4")], (b"a", b"\xe4")),
    ("an empty value", [*GET, (b"a", b"")], (b"a", b"")),
]


@pytest.mark.parametrize(
    ("pairs", "header"), [row[1:] for row in WELL_FORMED], ids=[row[0] for row in WELL_FORMED]
)
def test_a_well_formed_request_is_taken(pairs, header):
    (event,) = server().receive(headers(1, pairs))
    assert event.request.headers.count(header) == 1


def test_connect_has_the_authority_for_a_target():
    (event,) = server().receive(
        headers(1, [(b":method", b"CONNECT"), (b":authority", b"a:1")], WHOLE)
    )
    assert (event.request.uri, event.request.scheme) == (b"a:1", None)


def test_extended_connect_names_its_protocol():
    one = server(OurSettings(connect_protocol=True))
    pairs = [(b":method", b"CONNECT"), (b":protocol", b"websocket"), *GET[1:]]
    (event,) = one.receive(headers(1, pairs, WHOLE))
    assert (event.request.protocol, event.request.uri) == (b"websocket", b"/")


# Leaving


def test_a_drained_connection_takes_what_is_under_way_then_refuses():
    one = server()
    one.drain()
    assert Seen(one).of("GOAWAY") == [[0, 0, b"\x7f\xff\xff\xff\0\0\0\0"]]
    stream = asked(one)
    one.goaway()
    assert Seen(one).of("GOAWAY") == [[0, 0, b"\0\0\0\1\0\0\0\0"]]
    assert one.receive(headers(3, POST, WHOLE) + data(3, b"x")) == []
    assert Seen(one).resets == [(3, ErrorCode.REFUSED_STREAM)]
    one.send_head(stream, Response(200, []), end=True)
    one.receive(data(0))
    assert Seen(one).of("GOAWAY")[0][2][:8] == b"\0\0\0\1\0\0\0\1"


# h2c


def test_an_upgraded_request_is_stream_one():
    one = server(greeted=False)
    stream = one.upgrade(Request(b"GET", b"/", []), b"\0\4\0\0\0\5")
    one.take()
    one.send_head(stream, Response(200, [], Body(b"abcdefgh")))
    one.send_data(stream, b"abcdefgh", end=True)
    one.receive(HELLO)
    assert [payload for *_, payload in Seen(one).of("DATA")] == [b"abcde"]
    one.receive(frames.window_update(1, 3))
    assert not one.streams
    assert len(of(RequestReceived, one.receive(headers(3, GET)))) == 1


def test_an_upgrade_must_bring_settings_and_come_first():
    one = server(greeted=False)
    with pytest.raises(ConnectionFailure):
        one.upgrade(Request(b"GET", b"/", []), b"\0\4\0")
    with pytest.raises(Misuse):
        server().upgrade(Request(b"GET", b"/", []), b"")
