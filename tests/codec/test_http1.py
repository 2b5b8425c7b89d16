import pytest

from linkerpy.codec import http1_errors as e
from linkerpy.codec.body import EMPTY
from linkerpy.codec.http1 import RequestParser, ResponseParser
from tests.codec.http1_support import Gather, Owner, parse_requests, parse_response

GET = b"GET /a?b HTTP/1.1\r\nHost: a\r\nX-Y:  z \t\r\n\r\n"


def test_a_head_keeps_case_and_order_and_loses_padding():
    owner, parser = parse_requests(GET)
    (request,) = owner.requests
    assert (request.method, request.uri, request.version) == (b"GET", b"/a?b", b"1.1")
    assert request.headers == [(b"Host", b"a"), (b"X-Y", b"z")]
    assert request.body is EMPTY
    assert parser.idle


def test_pipelined_requests_are_announced_in_order():
    owner, _ = parse_requests(
        GET + b"POST /p HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi" + b"\r\n" + GET
    )
    assert [r.uri for r in owner.requests] == [b"/a?b", b"/p", b"/a?b"]


@pytest.mark.parametrize(
    ("version", "connection", "keep"),
    [
        (b"1.1", None, True),
        (b"1.1", b"close", False),
        (b"1.1", b"foo, CLOSE", False),
        (b"1.1", b"keep-alive", True),
        (b"1.1", b"closed", True),
        (b"1.0", None, False),
        (b"1.0", b"Keep-Alive", True),
        (b"1.0", b"keep-alive, close", False),
    ],
)
def test_keep_alive_follows_version_and_connection(version, connection, keep):
    line = b"" if connection is None else b"Connection: " + connection + b"\r\n"
    owner, _ = parse_requests(b"GET / HTTP/" + version + b"\r\n" + line + b"\r\n")
    assert owner.keep_alive == [keep]


def test_what_follows_the_last_request_is_dropped():
    owner, _ = parse_requests(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n" + GET + b"\x00")
    assert len(owner.requests) == 1


BAD_LINES = [
    (b"get / HTTP/1.1\r\n\r\n", e.BadStartLine, 400),
    (b"GEt / HTTP/1.1\r\n\r\n", e.BadStartLine, 400),
    (b"A" * 40 + b" / HTTP/1.1\r\n\r\n", e.BadStartLine, 400),
    (b"GET  / HTTP/1.1\r\n\r\n", e.BadStartLine, 400),
    (b"GET /  HTTP/1.1\r\n\r\n", e.BadStartLine, 400),
    (b"GET\t/ HTTP/1.1\r\n\r\n", e.BadStartLine, 400),
    (b"GET / HTTP/1.1 \r\n\r\n", e.BadStartLine, 400),
    (b"GET /a b HTTP/1.1\r\n\r\n", e.BadStartLine, 400),
    (b"GET /\xc3\xa9 HTTP/1.1\r\n\r\n", e.BadStartLine, 400),
    (b"GET /\x00 HTTP/1.1\r\n\r\n", e.BadStartLine, 400),
    (b"GET a HTTP/1.1\r\n\r\n", e.BadStartLine, 400),
    (b"GET /\r\n\r\n", e.BadStartLine, 400),
    (b"GET / HTTP/0.9\r\n\r\n", e.UnsupportedVersion, 505),
    (b"GET / HTTP/1.2\r\n\r\n", e.UnsupportedVersion, 505),
    (b"GET / HTTP/2.0\r\n\r\n", e.UnsupportedVersion, 505),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", e.UnsupportedVersion, 505),
    (b"PRI * HTTP/1.1\r\n\r\n", e.BadStartLine, 400),
    (b"GET / http/1.1\r\n\r\n", e.BadStartLine, 400),
    (b"GET / RTSP/1.0\r\n\r\n", e.BadStartLine, 400),
    (b"SOURCE / ICE/1.0\r\n\r\n", e.BadStartLine, 400),
    (b"\n" + GET, e.BadStartLine, 400),
    (b" " + GET, e.BadStartLine, 400),
    (b"\r\n\r\n" + GET, e.BadStartLine, 400),
    (b"\rX" + GET, e.BadStartLine, 400),
    (b"\x16\x03\x01\x02\x00\x01\x00", e.BadStartLine, 400),
    (b"\x00\x00\x00\x00", e.BadStartLine, 400),
    (b"GET / HTTP/1.1\r\nA(: b\r\n\r\n", e.BadHeaderName, 400),
    (b"GET / HTTP/1.1\r\nA\r\n\r\n", e.BadHeaderName, 400),
    (b"GET / HTTP/1.1\r\n: b\r\n\r\n", e.BadHeaderName, 400),
    (b"GET / HTTP/1.1\r\nA: \x7f\r\n\r\n", e.BadHeaderValue, 400),
    (b"GET /" + b"a" * 5000, e.LineTooLong, 414),
    (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n\r\n", e.LineTooLong, 414),
    (b"GET / HTTP/1.1\r\nA: " + b"b" * 9000, e.HeadersTooLarge, 431),
    (b"GET / HTTP/1.1\r\nA: " + b"b" * 9000 + b"\r\n\r\n", e.HeadersTooLarge, 431),
    (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 2000, e.HeadersTooLarge, 431),
]


@pytest.mark.parametrize(("data", "kind", "status"), BAD_LINES)
@pytest.mark.parametrize("bytewise", [False, True])
def test_a_malformed_head_is_refused_by_name(data, kind, status, bytewise):
    with pytest.raises(e.Http1Error) as caught:
        parse_requests(data, cuts=range(len(data)) if bytewise else ())
    if not bytewise:
        assert (type(caught.value), caught.value.status) == (kind, status)


def test_the_offending_header_is_named():
    with pytest.raises(e.BadHeaderName, match="`Foo `"):
        parse_requests(b"GET / HTTP/1.1\r\nFoo : b\r\n\r\n")
    with pytest.raises(e.BadHeaderValue, match=r"`Foo`.*0x01"):
        parse_requests(b"GET / HTTP/1.1\r\nFoo: \x01\r\n\r\n")


@pytest.mark.parametrize("bytewise", [False, True])
def test_limits_are_exact_however_the_head_is_cut(bytewise):
    data = b"GET /aaa HTTP/1.1\r\nA: b\r\nC: d\r\n\r\n"
    cuts = range(len(data)) if bytewise else ()
    line, headers = len(b"GET /aaa HTTP/1.1"), len(b"A: b\r\nC: d\r\n")
    owner, _ = parse_requests(data, cuts, max_initial_line=line, max_headers=headers)
    assert len(owner.requests) == 1
    with pytest.raises(e.LineTooLong):
        parse_requests(data, cuts, max_initial_line=line - 1)
    with pytest.raises(e.HeadersTooLarge):
        parse_requests(data, cuts, max_headers=headers - 1)


def test_after_an_error_every_feed_raises_it_again():
    parser = RequestParser(Owner())
    with pytest.raises(e.Http1Error) as first:
        parser.feed(b"\x00")
    with pytest.raises(e.Http1Error) as second:
        parser.feed(GET)
    assert first.value is second.value


def test_a_broken_chunk_fails_the_body_that_is_under_way():
    owner, parser = parse_requests(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
    sink = Gather()
    owner.requests[0].body.connect(sink)
    with pytest.raises(e.BadChunk):
        parser.feed(b"3\r\nabc\r\nxyz\r\n")
    assert sink.chunks == [b"abc"]
    assert isinstance(sink.error, e.BadChunk)


def test_eof_within_a_request_is_an_error_and_between_requests_is_not():
    _, parser = parse_requests(GET)
    parser.eof()
    _, parser = parse_requests(GET[:9])
    with pytest.raises(e.Truncated):
        parser.eof()
    owner, parser = parse_requests(b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab")
    with pytest.raises(e.Truncated):
        parser.eof()
    assert isinstance(owner.requests[0].body.error, e.Truncated)


def test_trailers_reach_the_body():
    owner, _ = parse_requests(
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
        b"0\r\nT: v\r\nU: w\r\n\r\n"
    )
    body = owner.requests[0].body
    assert (body.data, list(body.trailers)) == (b"abc", [(b"T", b"v"), (b"U", b"w")])


def test_a_cancelled_body_is_drained_and_the_next_request_read():
    owner, parser = parse_requests(b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab")
    gone = ConnectionError()
    owner.requests[0].body.cancel(gone)
    parser.feed(b"cde" + GET)
    assert owner.flow == [gone]
    assert len(owner.requests) == 2


@pytest.mark.parametrize(
    ("head", "method"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", b"HEAD"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"HEAD"),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", b"GET"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"GET"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"GET"),
    ],
)
def test_a_response_without_body_ends_with_its_head(head, method):
    owner, parser = parse_response(head, method)
    assert owner.responses[0].body is EMPTY
    assert owner.ended == 1
    assert parser.should_keep_alive
    assert parser.idle
    parser.expect(b"GET")
    parser.feed(b"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx")
    assert owner.responses[1].body.data == b"x"
    assert owner.responses[1].reason == b""


def test_informational_responses_come_before_the_answer():
    owner, _ = parse_response(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    )
    assert [r.status for r in owner.informational_seen] == [100, 103]
    assert [r.status for r in owner.responses] == [200]


def test_what_follows_an_answer_to_connect_is_excess():
    owner, parser = parse_response(b"HTTP/1.1 200 X\r\n\r\nother protocol", b"CONNECT")
    assert owner.responses[0].status == 200
    assert not parser.should_keep_alive
    assert parser.excess


def test_what_follows_a_101_is_its_body_until_the_end():
    owner, parser = parse_response(b"HTTP/1.1 101 X\r\n\r\nother ")
    parser.feed(b"protocol")
    assert not parser.should_keep_alive
    assert not parser.excess
    parser.eof()
    assert owner.responses[0].body.data == b"other protocol"


def test_what_follows_an_upgraded_request_is_one_body():
    owner = Owner()
    parser = RequestParser(owner)
    parser.feed(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
    body = parser.upgrade()
    parser.feed(b"GET / HTTP/1.1\r\n\r\n")
    parser.feed(b"\x00")
    parser.eof()
    assert body.data == b"GET / HTTP/1.1\r\n\r\n\x00"
    assert len(owner.requests) == 1


@pytest.mark.parametrize("more", [b"G", b"GET / HTTP/1.1\r\n"])
def test_a_request_that_has_begun_stands_in_the_way_of_an_upgrade(more):
    parser = RequestParser(Owner())
    parser.feed(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" + more)
    with pytest.raises(ValueError, match="went on"):
        parser.upgrade()


def test_a_body_until_close_is_ended_by_eof():
    owner, parser = parse_response(b"HTTP/1.1 200 OK\r\n\r\nabc")
    assert (owner.ended, parser.should_keep_alive) == (0, False)
    parser.feed(b"def")
    parser.eof()
    assert owner.responses[0].body.data == b"abcdef"
    assert owner.ended == 1


def test_excess_bytes_make_the_connection_unusable():
    owner, parser = parse_response(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK")
    assert owner.responses[0].body.data == b"x"
    assert parser.excess
    assert not parser.should_keep_alive


@pytest.mark.parametrize(
    "data", [b"", b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab"]
)
def test_a_truncated_response_is_an_error(data):
    owner, parser = parse_response(data)
    with pytest.raises(e.Truncated) as caught:
        parser.eof()
    assert caught.value.status == 502
    assert all(r.body.error is caught.value for r in owner.responses)


@pytest.mark.parametrize(
    "line",
    [
        b"HTTP/1.1 20 OK", b"HTTP/1.1 099 OK", b"HTTP/1.1 2000 OK", b"HTTP/1.1  200 OK",
        b"HTTP/2.0 200 OK", b"HTTP/0.9 200 OK", b"RTSP/1.0 200 OK", b"ICY 200 OK",
        b"HTTP/1.1 200 a\x00b", b"HTTP/1.1 200 a\rb", b"hello", b"\r\nHTTP/1.1 200 OK",
    ],
)  # fmt: skip
def test_a_bad_status_line_is_a_502(line):
    with pytest.raises(e.BadStartLine) as caught:
        parse_response(line + b"\r\nContent-Length: 0\r\n\r\n")
    assert caught.value.status == 502


def test_one_response_at_a_time():
    parser = ResponseParser(Owner())
    parser.expect(b"GET")
    with pytest.raises(ValueError, match="one response"):
        parser.expect(b"GET")
