import pytest

from linkerpy.codec.body import EMPTY, Body, Stream
from linkerpy.codec.http import Request, Response
from linkerpy.codec.http1_write import (
    Framing,
    UnwritableHead,
    chunk,
    last_chunk,
    request_framing,
    request_head,
    response_framing,
    response_head,
    whole_body,
)

F = Framing
ABC = Body(b"abc")
OPEN = Stream()

REQUEST_CASES = [
    (b"GET", b"1.1", EMPTY, F.NONE, b""),
    (b"POST", b"1.1", EMPTY, F.LENGTH, b"Content-Length: 0\r\n"),
    (b"PUT", b"1.0", EMPTY, F.LENGTH, b"Content-Length: 0\r\nConnection: keep-alive\r\n"),
    (b"GET", b"1.1", ABC, F.LENGTH, b"Content-Length: 3\r\n"),
    (b"POST", b"1.1", Stream(7), F.LENGTH, b"Content-Length: 7\r\n"),
    (b"POST", b"1.1", OPEN, F.CHUNKED, b"Transfer-Encoding: chunked\r\n"),
]


@pytest.mark.parametrize(("method", "version", "body", "framing", "lines"), REQUEST_CASES)
def test_request_framing(method, version, body, framing, lines):
    stale = [(b"transfer-encoding", b"gzip"), (b"Content-Length", b"99"), (b"connection", b"x")]
    for headers in ([], stale):
        request = Request(method, b"/", [(b"Host", b"a"), *headers], body, version)
        assert request_framing(request) is framing
        head = request_head(request, framing, keep_alive=True)
        assert head == b"%b / HTTP/%b\r\nHost: a\r\n%b\r\n" % (method, version, lines)


def test_a_1_0_request_of_unknown_length_cannot_be_sent():
    with pytest.raises(ValueError, match=r"HTTP/1\.0"):
        request_framing(Request(b"POST", b"/", [], OPEN, b"1.0"))


CL9 = [(b"content-Length", b"9")]
RESPONSE_CASES = [
    # method, peer, version, status, headers, body -> framing, lines
    (b"GET", b"1.1", b"1.1", 200, [], ABC, F.LENGTH, b"Content-Length: 3\r\n"),
    (b"GET", b"1.1", b"1.1", 200, CL9, ABC, F.LENGTH, b"Content-Length: 3\r\n"),
    (b"GET", b"1.1", b"1.1", 200, CL9, Stream(9), F.LENGTH, b"content-Length: 9\r\n"),
    (b"GET", b"1.1", b"1.1", 200, [], EMPTY, F.LENGTH, b"Content-Length: 0\r\n"),
    (b"GET", b"1.1", b"1.1", 200, CL9, OPEN, F.CHUNKED, b"Transfer-Encoding: chunked\r\n"),
    (b"GET", b"1.0", b"1.1", 200, [], OPEN, F.CLOSE, b"Connection: close\r\n"),
    (b"GET", b"1.1", b"1.0", 200, [], OPEN, F.CLOSE, b""),
    (b"GET", b"1.0", b"1.1", 200, [], ABC, F.LENGTH,
     b"Content-Length: 3\r\nConnection: keep-alive\r\n"),
    (b"HEAD", b"1.1", b"1.1", 200, CL9, EMPTY, F.DESCRIBED, b"content-Length: 9\r\n"),
    (b"HEAD", b"1.1", b"1.1", 200, [(b"Transfer-Encoding", b"chunked")], EMPTY, F.DESCRIBED, b""),
    (b"HEAD", b"1.1", b"1.1", 502, [], ABC, F.DESCRIBED, b""),
    (b"GET", b"1.1", b"1.1", 304, CL9, EMPTY, F.DESCRIBED, b"content-Length: 9\r\n"),
    (b"GET", b"1.1", b"1.1", 204, CL9, EMPTY, F.NONE, b""),
    (b"GET", b"1.1", b"1.1", 103, CL9, EMPTY, F.NONE, b""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "peer", "version", "status", "headers", "body", "framing", "lines"), RESPONSE_CASES
)
def test_response_framing(method, peer, version, status, headers, body, framing, lines):
    response = Response(status, list(headers), body, b"R", version)
    assert response_framing(response, method, peer) is framing
    head = response_head(response, framing, peer, keep_alive=True)
    assert head == b"HTTP/%b %d R\r\n%b\r\n" % (version, status, lines)


@pytest.mark.parametrize(("version", "line"), [(b"1.1", b"Connection: close\r\n"), (b"1.0", b"")])
def test_a_closing_message_says_so_where_the_version_does_not(version, line):
    response = Response(204, [], EMPTY, b"", version)
    head = response_head(response, Framing.NONE, keep_alive=False)
    assert head == b"HTTP/%b 204 \r\n%b\r\n" % (version, line)


def test_equal_lengths_are_written_once():
    headers = [(b"Content-Length", b"3"), (b"content-length", b"3")]
    head = response_head(Response(200, headers, ABC), Framing.LENGTH, keep_alive=True)
    assert head.lower().count(b"content-length") == 1


def test_bytes_behind_the_head():
    assert whole_body(Framing.LENGTH, ABC) == b"abc"
    assert whole_body(Framing.CLOSE, ABC) == b"abc"
    assert whole_body(Framing.CHUNKED, ABC) == b"3\r\nabc\r\n0\r\n\r\n"
    assert whole_body(Framing.CHUNKED, EMPTY) == b"0\r\n\r\n"
    assert whole_body(Framing.DESCRIBED, ABC) == whole_body(Framing.NONE, ABC) == b""
    assert chunk(b"x" * 16) == b"10\r\n" + b"x" * 16 + b"\r\n"


def test_trailers_that_would_mean_something_else_are_dropped():
    trailers = [
        (b"Content-Length", b"3"),
        (b"T", b"v"),
        (b"TRANSFER-ENCODING", b"x"),
        (b"Host", b""),
    ]
    assert last_chunk(trailers) == b"0\r\nT: v\r\n\r\n"
    assert last_chunk(trailers[:1]) == b"0\r\n\r\n"


@pytest.mark.parametrize("bad", [b"a\r\nX: y", b"a\n", b"a\r", b"a\x00", b"\r\n\r\nHTTP/1.1 200"])
def test_no_value_can_split_a_head(bad):
    for headers in ([(b"A", bad)], [(bad, b"v")]):
        with pytest.raises(UnwritableHead):
            response_head(Response(200, headers), Framing.NONE, keep_alive=True)
        with pytest.raises(UnwritableHead):
            last_chunk(headers)
    with pytest.raises(UnwritableHead):
        response_head(Response(200, [], EMPTY, bad), Framing.NONE, keep_alive=True)
    for request in (Request(b"GET", bad, []), Request(bad, b"/", []), Request(b"GET", b"/ x", [])):
        with pytest.raises(UnwritableHead):
            request_head(request, Framing.NONE, keep_alive=True)
