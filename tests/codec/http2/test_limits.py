"""Attacks by frames that cost their sender nothing: bounded work, bounded memory, the right code.

Each attack goes on until the connection ends, which it must after a bounded number of frames; how
much the connection holds then is looked at, too. Time stands still in them: what a peer may do per
second has tests of its own.
"""

import pytest

from linkerpy.codec.body import Body
from linkerpy.codec.http import Request, Response
from linkerpy.codec.http2 import frames
from linkerpy.codec.http2 import hpack_encode as hpack
from linkerpy.codec.http2.errors import ConnectionFailure, ErrorCode
from linkerpy.codec.http2.events import DataReceived, RequestReceived
from linkerpy.codec.http2.limits import Abuse, Allowance, Counters, Limits
from linkerpy.codec.http2.settings import OurSettings
from tests.codec.http2.ends import (
    END,
    GET,
    PADDED,
    POST,
    WHOLE,
    Seen,
    client,
    data,
    frame,
    headers,
    of,
    outcome,
    server,
)

CALM = ("connection", ErrorCode.ENHANCE_YOUR_CALM)


def attacked(one, strikes, most):
    """Strike until the connection ends, but no more than `most` times; how it ends, and when."""
    for count in range(1, most + 1):
        events = one.receive(strikes(count))
        if one.failure is not None:
            return outcome(one, events), count
    return None, most


def number(count):
    return 2 * count - 1


def dribbled(one):
    """A stream whose response waits for a window of nothing."""
    one.receive(frames.settings([(4, 0)]))
    (event,) = of(RequestReceived, one.receive(headers(1, GET)))
    one.send_head(event.stream, Response(200, [], Body(bytes(50_000))))
    one.send_data(event.stream, bytes(50_000), end=True)
    return event.stream


def test_rapid_reset():
    """CVE-2023-44487."""
    one = server()
    how, count = attacked(
        one,
        lambda count: headers(number(count), GET) + frames.rst_stream(number(count), 8),
        5000,
    )
    assert (how, count) == (CALM, 2000)
    assert one.counters.counts[Abuse.RESETS] == count
    assert not one.streams
    assert len(one._resets) <= Limits().remembered_resets


MADE = {
    "a window opened by nothing": lambda n: frames.window_update(n, 0),
    "a window too large": lambda n: frames.window_update(n, 2**31 - 1),
    "data behind the end": lambda n: data(n, b"x"),
    "a head behind the end": lambda n: headers(n, [(b"a", b"b")]),
}


@pytest.mark.parametrize("fault", MADE.values(), ids=MADE)
def test_made_you_reset(fault):
    """CVE-2025-8671: faults that make the server reset count as if the client had."""
    one = server()
    how, count = attacked(
        one, lambda count: headers(number(count), GET) + fault(number(count)), 5000
    )
    assert how == CALM
    assert count <= 2000
    assert len(one._resets) <= Limits().remembered_resets


def test_malformed_and_refused_requests_count_as_resets():
    one = server(OurSettings(max_streams=1))
    how, count = attacked(one, lambda count: headers(number(count), GET), 5000)
    assert (how, len(one.streams)) == (CALM, 0)
    assert count <= 2002
    how, _ = attacked(server(), lambda count: headers(number(count), GET[1:]), 5000)
    assert how == CALM


def test_answered_requests_may_be_reset_as_often_as_one_likes():
    one = server()
    for count in range(1, 5000):
        (event,) = one.receive(headers(number(count), POST, WHOLE))
        one.send_head(event.stream, Response(200, []), end=True)
        assert one.receive(frames.rst_stream(number(count), 8))
        one.take()
    assert one.failure is None


def test_a_client_that_gives_up_every_other_request_is_served():
    one = server()
    for count in range(1, 5000):
        (event,) = one.receive(headers(number(count), GET))
        if count % 2:
            one.send_head(event.stream, Response(200, []), end=True)
        else:
            one.receive(frames.rst_stream(number(count), 8))
        one.take()
    assert one.failure is None


def test_continuation_flood():
    """CVE-2024-27316."""
    one = server()
    one.receive(headers(1, GET, 0))
    how, count = attacked(one, lambda _: frame(frames.CONTINUATION, 0, 1, b"\x82" * 16_384), 100)
    assert how == CALM
    assert count <= Limits().max_header_block // 16_384 + 1
    assert not one._block


def test_continuation_flood_of_small_frames():
    one = server()
    one.receive(headers(1, GET, 0))
    how, count = attacked(one, lambda _: frame(frames.CONTINUATION, 0, 1, b"\x82"), 100)
    assert (how, count) == (CALM, Limits().max_continuations + 1)


def test_empty_continuations():
    one = server(limits=Limits(max_continuations=10**6))
    one.receive(headers(1, GET, 0))
    how, count = attacked(one, lambda _: frame(frames.CONTINUATION, 0, 1), 1000)
    assert how == CALM
    assert count <= 102


def test_hpack_bomb():
    """CVE-2016-6581: an entry of 4 KB that bytes refer to is not copied, and the head refused."""
    one = server()
    bomb = (
        hpack.fields(GET) + b"\x40\x01a" + hpack.integer(4000, 7) + b"x" * 4000 + b"\xbe" * 12_000
    )
    assert one.receive(frame(frames.HEADERS, END | WHOLE, 1, bomb)) == []
    assert b"431" in Seen(one).of("HEADERS")[0][2]
    assert not one.streams
    assert one._heads._decoder.size <= 4096
    again = hpack.fields(GET) + b"\xbe" * 2000
    how, _ = attacked(one, lambda count: frame(1, END | WHOLE, number(count + 1), again), 2100)
    assert how == CALM
    assert not one._heads._heads


def test_a_table_larger_than_we_allow():
    one = server()
    block = hpack.integer(4097, 5, 0x20) + hpack.fields(GET)
    events = one.receive(frame(frames.HEADERS, END | WHOLE, 1, block))
    assert outcome(one, events) == ("connection", ErrorCode.COMPRESSION_ERROR)


def test_a_header_list_too_large():
    one = server(OurSettings(max_header_list=500))
    assert one.receive(headers(1, [*GET, *[(b"a", b"b")] * 20])) == []
    assert Seen(one).resets == [(1, ErrorCode.NO_ERROR)]


def test_a_block_of_incompressible_fields_is_not_remembered():
    one = server()
    for count in range(1, 1000):
        one.receive(headers(number(count), [*GET[:2], (b":path", b"/%d" % count), GET[3]]))
        one.reset(one.streams[number(count)])
    assert len(one._heads._heads) <= 128


FLOODS = {
    "SETTINGS": (frames.settings([(4, 65_535)]), 110),
    "SETTINGS without settings": (frames.settings([]), 110),
    "PING": (frames.ping(bytes(8)), 1010),
    "DATA without data": (data(1), 110),
    "DATA of padding": (data(1, b"\x01\0", PADDED), 110),
    "PRIORITY": (frame(frames.PRIORITY, 0, 1, b"\0\0\0\7\0"), 1010),
    "unknown frames": (frame(77, 0, 1), 1010),
    "WINDOW_UPDATE of the connection": (frames.window_update(0, 1), 1010),
    "WINDOW_UPDATE of a stream": (frames.window_update(1, 1), 1010),
    "RST_STREAM of streams long gone": (frames.rst_stream(1, 8), 1010),
    "GOAWAY": (frames.goaway(0, 0), 110),
}


@pytest.mark.parametrize(("sent", "most"), FLOODS.values(), ids=FLOODS)
def test_floods(sent, most):
    one = server()
    one.receive(headers(1, POST, WHOLE))
    how, _ = attacked(one, lambda _: sent, most)
    assert how == CALM
    assert sum(map(len, one.out)) < 32 * most


def test_many_settings_in_a_frame():
    one = server()
    events = one.receive(frames.settings([(4, value) for value in range(65)]))
    assert outcome(one, events) == CALM


def test_settings_move_the_windows_of_many_streams_once_a_frame():
    one = server()
    one.receive(b"".join(headers(number(count), GET) for count in range(1, 1001)))
    one.receive(frames.settings([(4, value) for value in range(64)]))
    assert {stream.window for stream in one.streams.values()} == {63}


def test_a_window_opened_byte_by_byte():
    """CVE-2019-9511: each byte would cost a frame of ten."""
    one = server()
    stream = dribbled(one)
    how, count = attacked(one, lambda _: frames.window_update(1, 1), 5000)
    assert how == CALM
    assert count <= 1100
    assert stream.queue is None


def test_a_window_moved_by_settings_byte_by_byte():
    """CVE-2019-9517 and its like."""
    one = server()
    dribbled(one)
    how, count = attacked(one, lambda count: frames.settings([(4, count)]), 5000)
    assert how == CALM
    assert count <= 110


def test_a_download_in_small_windows_is_served():
    one = server()
    one.receive(frames.settings([(4, 1024)]))
    (event,) = one.receive(headers(1, GET))
    one.send_head(event.stream, Response(200, []))
    for _ in range(10_000):
        one.send_data(event.stream, bytes(1024))
        one.receive(frames.window_update(1, 1024) + frames.window_update(0, 1024))
        one.take()
    assert one.failure is None


def test_an_upload_in_small_pieces_is_taken():
    one = server()
    one.receive(headers(1, POST, WHOLE))
    for _ in range(10_000):
        (event,) = one.receive(data(1, b"x"))
        assert isinstance(event, DataReceived)
        one.consumed(event.stream, 1)
    assert one.failure is None
    assert len(Seen(one).of("WINDOW_UPDATE")) < 10


def test_a_server_that_floods_with_interim_responses():
    one = client()
    one.open(Request(b"GET", b"/", [(b"host", b"web")]))
    one.take()
    how, count = attacked(one, lambda _: headers(1, [(b":status", b"103")], WHOLE), 500)
    assert how == CALM
    assert count <= 102


# The allowances themselves

ALLOWED = (Allowance(3, per_second=2, per_stream=1, per_byte=0.5),) * len(Abuse)


def spends(counters, count, **at):
    at = {"now": 0.0, "streams": 0, "written": 0} | at
    for _ in range(count):
        counters.spend(Abuse.PINGS, at["now"], at["streams"], at["written"])


def test_so_many_at_once_and_not_one_more():
    counters = Counters(ALLOWED)
    spends(counters, 3)
    with pytest.raises(ConnectionFailure) as failed:
        spends(counters, 1)
    assert failed.value.code == ErrorCode.ENHANCE_YOUR_CALM
    assert "pings" in failed.value.reason
    assert counters.counts[Abuse.PINGS] == 4


@pytest.mark.parametrize("earned", [{"now": 1.0}, {"streams": 2}, {"written": 4}])
def test_time_streams_and_bytes_earn_more(earned):
    counters = Counters(ALLOWED)
    spends(counters, 3)
    spends(counters, 2, **earned)
    with pytest.raises(ConnectionFailure):
        spends(counters, 1, **earned)


def test_nobody_saves_up():
    counters = Counters(ALLOWED)
    spends(counters, 1)
    spends(counters, 3, now=1000.0)
    with pytest.raises(ConnectionFailure):
        spends(counters, 1, now=1000.0)


def test_each_kind_has_its_own():
    counters = Counters(ALLOWED)
    spends(counters, 3)
    counters.spend(Abuse.RESETS, 0.0, 0, 0)
    assert "PINGS" in repr(counters)
