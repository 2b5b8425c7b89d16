"""The client's end: streams while there is room, responses, and a server that goes away."""

import pytest

from linkerpy.codec.body import Body
from linkerpy.codec.http import Request, Response
from linkerpy.codec.http2 import frames
from linkerpy.codec.http2 import hpack_encode as hpack
from linkerpy.codec.http2.errors import ErrorCode, Misuse
from linkerpy.codec.http2.events import (
    DataReceived,
    GoawayReceived,
    InterimReceived,
    ResponseReceived,
    StreamFailed,
    TrailersReceived,
)
from tests.codec.http2.ends import (
    END,
    OK,
    WHOLE,
    Seen,
    client,
    data,
    frame,
    headers,
    of,
    outcome,
)


def get(method=b"GET", **more):
    return Request(method, b"/", [(b"host", b"web")], **more)


def opened(one, request=None):
    stream = one.open(request or get(), end=True)
    one.take()
    return stream


def test_it_begins_with_the_preface_and_forbids_push():
    one = client(greeted=False)
    data = b"".join(one.take())
    assert data.startswith(frames.PREFACE)
    assert frames.settings([(2, 0), (6, 65_536)]) in data


def test_streams_are_numbered_by_odd_numbers():
    one = client()
    assert [one.open(get(), end=True).id for _ in range(3)] == [1, 3, 5]
    assert [flags for flags, *_ in Seen(one).of("HEADERS")] == [END | WHOLE] * 3


def test_the_first_block_says_that_no_table_is_used():
    one = client()
    one.open(get())
    one.open(get())
    blocks = [payload for *_, payload in Seen(one).of("HEADERS")]
    assert blocks[0] == hpack.EMPTY_TABLE + blocks[1]


def test_a_response_with_all_it_may_have():
    one = client()
    stream = opened(one)
    events = one.receive(
        headers(1, [(b":status", b"103"), (b"link", b"</x>")], WHOLE)
        + headers(1, [*OK, (b"content-length", b"2")], WHOLE)
        + data(1, b"ok")
        + headers(1, [(b"grpc-status", b"0")])
    )
    assert [type(event) for event in events] == [
        InterimReceived,
        ResponseReceived,
        DataReceived,
        TrailersReceived,
    ]
    assert all(event.stream is stream for event in events)
    assert events[0].response.headers == [(b"link", b"</x>")]
    assert (events[1].response.status, events[1].length, events[1].ended) == (200, 2, False)
    assert events[3].trailers == ((b"grpc-status", b"0"),)
    assert not one.streams


def test_a_body_that_comes_with_its_head_is_in_the_response():
    one = client()
    opened(one)
    (event,) = one.receive(headers(1, OK, WHOLE) + data(1, b"ok", END))
    assert event.ended
    assert event.response.body.data == b"ok"
    assert not one.streams


@pytest.mark.parametrize(
    ("method", "status"), [(b"HEAD", b"200"), (b"GET", b"304"), (b"GET", b"204")]
)
def test_a_length_may_describe_what_is_not_sent(method, status):
    one = client()
    opened(one, get(method))
    (event,) = one.receive(headers(1, [(b":status", status), (b"content-length", b"5")]))
    assert event.ended
    assert event.response.get(b"content-length") == b"5"


FAULTS = [
    ("no status", headers(1, [(b"a", b"b")])),
    ("a status of two digits", headers(1, [(b":status", b"20")])),
    ("101", headers(1, [(b":status", b"101")], WHOLE)),
    ("an interim response at the end", headers(1, [(b":status", b"103")])),
    ("DATA before the head", data(1, b"x")),
    ("a body for HEAD", headers(1, OK, WHOLE) + data(1, b"x", END)),
    ("less than the length", headers(1, [*OK, (b"content-length", b"5")])),
    ("connection", headers(1, [*OK, (b"connection", b"close")])),
    ("a path", headers(1, [*OK, (b":path", b"/")])),
]


@pytest.mark.parametrize("sent", [row[1] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_a_malformed_response_ends_its_stream(sent):
    one = client()
    opened(one, get(b"HEAD" if sent == FAULTS[5][1] else b"GET"))
    events = one.receive(sent)
    assert outcome(one, events) == ("stream", ErrorCode.PROTOCOL_ERROR)
    assert isinstance(events[-1], StreamFailed)
    assert not one.streams


@pytest.mark.parametrize(
    "sent",
    [
        headers(2, OK),
        headers(3, OK),
        frame(frames.PUSH_PROMISE, WHOLE, 1, b"\0\0\0\2"),
        frames.settings([(2, 1)]),
    ],
)
def test_a_server_opens_no_streams(sent):
    one = client()
    opened(one)
    assert outcome(one, one.receive(sent)) == ("connection", ErrorCode.PROTOCOL_ERROR)


def test_there_is_room_as_the_server_says():
    one = client(greeted=False)
    assert one.room == 100
    one.receive(frames.settings([(3, 2)]))
    opened(one)
    assert one.room == 1
    opened(one)
    assert one.room == 0
    with pytest.raises(Misuse):
        one.open(get())
    one.receive(headers(1, OK))
    assert one.room == 1


def test_there_is_much_room_if_the_server_says_nothing():
    assert client().room > 10**9


def test_numbers_run_out():
    one = client()
    one._next = 2**31 - 1
    assert one.room == 1
    opened(one)
    assert one.room == 0


def test_a_server_that_goes_away_gives_back_what_it_did_not_take():
    one = client()
    opened(one)
    opened(one)
    events = one.receive(frames.goaway(1, ErrorCode.NO_ERROR, b"bye"))
    assert [type(event) for event in events] == [StreamFailed, GoawayReceived]
    assert (events[0].stream.id, events[0].error.processed) == (3, False)
    assert (events[1].last_stream, events[1].debug) == (1, b"bye")
    assert one.room == 0
    assert len(of(ResponseReceived, one.receive(headers(1, OK)))) == 1


@pytest.mark.parametrize(("code", "processed"), [(7, False), (8, True), (2, True), (99, True)])
def test_a_refused_stream_was_not_processed(code, processed):
    one = client()
    opened(one)
    (event,) = one.receive(frames.rst_stream(1, code))
    assert (event.error.code, event.error.processed) == (code, processed)


def test_a_response_under_way_to_a_reset_stream_is_decoded_and_dropped():
    one = client()
    stream = opened(one)
    opened(one)
    one.reset(stream)
    block = b"\x88\x40\x03x-a\x01b"
    assert one.receive(frame(1, WHOLE | END, 1, block)) == []
    (event,) = one.receive(frame(1, WHOLE | END, 3, b"\x88\xbe"))
    assert event.response.get(b"x-a") == b"b"


def test_extended_connect_waits_for_the_server_to_allow_it():
    request = get(b"CONNECT", scheme=b"https", protocol=b"websocket")
    with pytest.raises(Misuse):
        client().open(request)
    one = client(told=[(8, 1)])
    one.open(request)
    assert b"websocket" in Seen(one).of("HEADERS")[0][2]


def test_a_tunnel_has_no_length():
    one = client()
    opened(one, Request(b"CONNECT", b"a:1", []))
    one.receive(headers(1, [*OK, (b"content-length", b"1")], WHOLE))
    assert len(one.receive(data(1, b"abc"))) == 1


def test_a_request_and_its_body():
    one = client()
    stream = one.open(Request(b"POST", b"/", [(b"host", b"web")], Body(b"abc")))
    one.send_data(stream, b"abc", end=True)
    seen = Seen(one)
    assert b"\x0f\x0d\x013" in seen.of("HEADERS")[0][2]
    assert seen.of("DATA") == [[END, 1, b"abc"]]
    assert isinstance(one.receive(headers(1, OK))[0].response, Response)
