"""Each way known to make two parsers disagree about where a request ends, and our verdict."""

import pytest

from linkerpy.codec import http1_errors as e
from tests.codec.http1_support import parse_requests, parse_response

POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
GET = b"GET / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

REFUSED = [
    (POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", e.BadFraming, 400),
    (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", e.BadFraming, 400),
    (POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", e.BadFraming, 400),
    (POST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", e.BadFraming, 400),
    (POST + b"Content-Length: 3, 3\r\n\r\nabc", e.BadFraming, 400),
    (POST + b"Content-Length: +3\r\n\r\nabc", e.BadFraming, 400),
    (POST + b"Content-Length: -3\r\n\r\nabc", e.BadFraming, 400),
    (POST + b"Content-Length: 0x3\r\n\r\nabc", e.BadFraming, 400),
    (POST + b"Content-Length: 1 1\r\n\r\nabc", e.BadFraming, 400),
    (POST + b"Content-Length:\r\n\r\nabc", e.BadFraming, 400),
    (POST + b"Content-Length: 99999999999999999999999\r\n\r\nabc", e.BadFraming, 400),
    (POST + b"Content-Length : 3\r\n\r\nabc", e.BadHeaderName, 400),
    (POST + b"Content-Length: 3\x00\r\n\r\nabc", e.BadHeaderValue, 400),
    (POST + b"Content-Length: \x0b3\r\n\r\nabc", e.BadHeaderValue, 400),
    (POST + b" Content-Length: 3\r\n\r\nabc", e.BadHeaderValue, 400),
    (POST + b"X: y\r\n\tContent-Length: 3\r\n\r\nabc", e.BadHeaderValue, 400),
    (POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n", e.BadHeaderValue, 400),
    (POST + b"Transfer-Encoding : chunked\r\n\r\n", e.BadHeaderName, 400),
    (POST + b"Transfer-Encoding: chunked, identity\r\n\r\n", e.BadFraming, 400),
    (POST + b"Transfer-Encoding: identity\r\n\r\n", e.BadFraming, 400),
    (POST + b"Transfer-Encoding: identity, chunked\r\n\r\n", e.UnsupportedCoding, 501),
    (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n", e.UnsupportedCoding, 501),
    (POST + b"Transfer-Encoding: gzip\r\n\r\n", e.BadFraming, 400),
    (POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n", e.BadFraming, 400),
    (POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n", e.BadFraming, 400),
    (POST + b"Transfer-Encoding: xchunked\r\n\r\n", e.BadFraming, 400),
    (POST + b"Transfer-Encoding: chunkedx\r\n\r\n", e.BadFraming, 400),
    (POST + b'Transfer-Encoding: "chunked"\r\n\r\n', e.BadFraming, 400),
    (POST + b"Transfer-Encoding: chunked;q=1\r\n\r\n", e.BadFraming, 400),
    (POST + b"Transfer-Encoding:\r\n\r\n", e.BadFraming, 400),
    (POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n", e.BadHeaderValue, 400),
    (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", e.BadFraming, 400),
    (GET + b"Host: b\r\n\r\n", e.BadHeaderValue, 400),
    (GET + b"X: a\rY: b\r\n\r\n", e.BadHeaderValue, 400),
    (GET + b"X: a\nY: b\r\n\r\n", e.BadHeaderValue, 400),
    (GET + b"X: a\n\r\n", e.Http1Error, 400),
    (GET + b"X: a\r\r\n\r\n", e.BadHeaderValue, 400),
    (b"GET / HTTP/1.1\nHost: a\n\n", e.BadStartLine, 400),
    (b"GET / HTTP/1.1\nHost: a\r\n\r\n", e.BadStartLine, 400),
    (b"GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", e.BadStartLine, 400),
    (b"GET / HTTP/1.1\r\n Host: a\r\n\r\n", e.BadHeaderName, 400),
    (CHUNKED + b"3\nabc\r\n0\r\n\r\n", e.BadChunk, 400),
    (CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n", e.BadChunk, 400),
    (CHUNKED + b"3\r\nabc\n0\r\n\r\n", e.BadChunk, 400),
    (CHUNKED + b"3 \r\nabc\r\n0\r\n\r\n", e.BadChunk, 400),
    (CHUNKED + b" 3\r\nabc\r\n0\r\n\r\n", e.BadChunk, 400),
    (CHUNKED + b"+3\r\nabc\r\n0\r\n\r\n", e.BadChunk, 400),
    (CHUNKED + b"-3\r\nabc\r\n0\r\n\r\n", e.BadChunk, 400),
    (CHUNKED + b"0x3\r\nabc\r\n0\r\n\r\n", e.BadChunk, 400),
    (CHUNKED + b"3_0\r\nabc\r\n0\r\n\r\n", e.BadChunk, 400),
    (CHUNKED + b"\r\nabc\r\n0\r\n\r\n", e.BadChunk, 400),
    (CHUNKED + b"fffffffffffffffff\r\nabc", e.BadChunk, 400),
    (CHUNKED + b"00000000000000003\r\nabc\r\n0\r\n\r\n", e.BadChunk, 400),
    (CHUNKED + b"3;a\nb\r\nabc\r\n0\r\n\r\n", e.BadChunk, 400),
    (CHUNKED + b"3;a\rb\r\nabc\r\n0\r\n\r\n", e.BadChunk, 400),
    (CHUNKED + b"3;a\x00\r\nabc\r\n0\r\n\r\n", e.BadChunk, 400),
    (CHUNKED + b"3;" + b"a" * 9000 + b"\r\nabc\r\n0\r\n\r\n", e.BadChunk, 400),
    (CHUNKED + b"0\r\nA : b\r\n\r\n", e.BadHeaderName, 400),
    (CHUNKED + b"0\r\nA: b\nC: d\r\n\r\n", e.BadHeaderValue, 400),
    (CHUNKED + b"0\r\nA: " + b"b" * 9000 + b"\r\n\r\n", e.HeadersTooLarge, 431),
]


@pytest.mark.parametrize(("data", "kind", "status"), REFUSED)
def test_an_ambiguous_request_is_refused(data, kind, status):
    with pytest.raises(e.Http1Error) as caught:
        parse_requests(data)
    assert isinstance(caught.value, kind)
    assert caught.value.status == status
    assert caught.value.reason


@pytest.mark.parametrize(("data", "kind", "status"), REFUSED)
def test_the_verdict_is_the_same_byte_by_byte(data, kind, status):
    with pytest.raises(e.Http1Error):
        parse_requests(data, cuts=range(len(data)))


@pytest.mark.parametrize(
    "headers",
    [
        b"Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n",
        b"Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nContent-Length: 3\r\n",
        b"Content-Length: 03\r\n",
        b"Content-Length: 3 \t\r\n",
        b"content_length: 9\r\nContent-Length: 3\r\n",
        b"Content-Length: 3\r\nConnection: content-length\r\n",
    ],
)
def test_the_body_ends_where_content_length_says(headers):
    owner, _ = parse_requests(POST + headers + b"\r\nabcGET /next HTTP/1.1\r\n\r\n")
    assert [r.uri for r in owner.requests] == [b"/", b"/next"]
    assert owner.requests[0].body.data == b"abc"


def test_an_upgrade_request_with_chunks_keeps_its_body():
    head = POST + b"Connection: Upgrade\r\nUpgrade: x\r\nTransfer-Encoding: cHuNkEd\r\n\r\n"
    owner, _ = parse_requests(head + b"3;x=y\r\nabc\r\n0\r\n\r\nGET /next HTTP/1.1\r\n\r\n")
    assert [r.uri for r in owner.requests] == [b"/", b"/next"]
    assert owner.requests[0].body.data == b"abc"


def test_connect_with_a_body_is_an_ordinary_request():
    owner, _ = parse_requests(
        b"CONNECT a:80 HTTP/1.1\r\nContent-Length: 1\r\n\r\nxGET / HTTP/1.1\r\n\r\n"
    )
    assert [r.method for r in owner.requests] == [b"CONNECT", b"GET"]


@pytest.mark.parametrize("order", [1, -1])
def test_a_response_with_length_and_chunked_loses_the_length_and_the_connection(order):
    both = [b"Content-Length: 9\r\n", b"Transfer-Encoding: chunked\r\n"][::order]
    owner, parser = parse_response(
        b"HTTP/1.1 200 OK\r\n" + b"".join(both) + b"\r\n3\r\nabc\r\n0\r\n\r\n"
    )
    assert owner.responses[0].headers == [(b"Transfer-Encoding", b"chunked")]
    assert owner.responses[0].body.data == b"abc"
    assert not parser.should_keep_alive


@pytest.mark.parametrize("lengths", [b"3\r\nContent-Length: 3", b"3, 3"])
def test_a_response_with_equal_lengths_gets_one(lengths):
    owner, parser = parse_response(
        b"HTTP/1.1 200 OK\r\nContent-Length: " + lengths + b"\r\n\r\nabc"
    )
    assert owner.responses[0].headers == [(b"Content-Length", b"3")]
    assert owner.responses[0].body.data == b"abc"
    assert parser.should_keep_alive


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Length: 3\r\nContent-Length: 4\r\n",
        b"Content-Length: x\r\n",
        b"Transfer-Encoding: gzip\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"X: a\r\n b\r\n",
        b"X : a\r\n",
        b"X: \x00\r\n",
    ],
)
def test_a_response_that_contradicts_itself_is_a_502(headers):
    with pytest.raises(e.Http1Error) as caught:
        parse_response(b"HTTP/1.1 200 OK\r\n" + headers + b"\r\nabc")
    assert caught.value.status == 502
