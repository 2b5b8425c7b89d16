"""Heads of messages to blocks: what the reference reads is what HTTP/2 wants to have."""

import hpack as reference
import pytest
from hpack.struct import NeverIndexedHeaderTuple

from linkerpy.codec.body import EMPTY, Body, Stream
from linkerpy.codec.fields import Fields
from linkerpy.codec.http import Request, Response, header_line
from linkerpy.codec.http2.heads_write import (
    UnwritableHead,
    request_block,
    response_block,
    trailers_block,
)
from linkerpy.codec.http2.hpack_tables import Sensitive


def read(block):
    return [tuple(pair) for pair in reference.Decoder().decode(block, raw=True)]


def request(method=b"GET", uri=b"/", headers=((b"Host", b"web"),), body=EMPTY, **more):
    return Request(method, uri, Fields(list(headers)), body, **more)


def pseudo(method=b"GET", path=b"/", authority=b"web", scheme=b"http"):
    return [
        (b":method", method),
        (b":scheme", scheme),
        (b":authority", authority),
        (b":path", path),
    ]


def test_a_request_of_http1_in_the_words_of_http2():
    headers = [(b"Host", b"web"), (b"User-Agent", b"x"), (b"Accept", b"*/*")]
    assert read(request_block(request(headers=headers))) == [
        *pseudo(),
        (b"user-agent", b"x"),
        (b"accept", b"*/*"),
    ]


def test_what_http1_connections_have_does_not_go_out():
    headers = [
        (b"Host", b"web"),
        (b"Connection", b"keep-alive"),
        (b"Keep-Alive", b"5"),
        (b"Proxy-Connection", b"x"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Upgrade", b"h2c"),
        (b"HTTP2-Settings", b"AAA"),
        (b"TE", b"gzip"),
    ]
    assert read(request_block(request(headers=headers))) == pseudo()


def test_te_trailers_goes_out():
    headers = [(b"Host", b"web"), (b"TE", b"trailers")]
    assert read(request_block(request(headers=headers)))[-1] == (b"te", b"trailers")


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (request(scheme=b"https"), pseudo(scheme=b"https")),
        (request(method=b"QUERY", uri=b"/a?b"), pseudo(b"QUERY", b"/a?b")),
        (request(uri=b"http://other/a?b#c"), pseudo(path=b"/a?b", authority=b"other")),
        (request(uri=b"HTTPS://other"), pseudo(authority=b"other", scheme=b"https")),
        (request(uri=b"http://other?q"), pseudo(path=b"/?q", authority=b"other")),
        (request(b"OPTIONS", b"*"), pseudo(b"OPTIONS", b"*")),
        (request(headers=[]), [pair for pair in pseudo() if pair[0] != b":authority"]),
        (request(b"CONNECT", b"a:1"), [(b":method", b"CONNECT"), (b":authority", b"a:1")]),
        (
            request(b"CONNECT", b"/chat", scheme=b"https", protocol=b"websocket"),
            [
                (b":method", b"CONNECT"),
                (b":protocol", b"websocket"),
                *pseudo(path=b"/chat", scheme=b"https")[1:],
            ],
        ),
    ],
)
def test_pseudo_headers(made, wanted):
    assert read(request_block(made)) == wanted


@pytest.mark.parametrize(
    ("headers", "body", "told"),
    [
        ([], Body(b"abc"), [b"3"]),
        ([(b"Content-Length", b"3")], Body(b"abc"), [b"3"]),
        ([(b"Content-Length", b"03")], Body(b"abc"), [b"3"]),
        ([(b"Content-Length", b"9")], Body(b"abc"), [b"3"]),
        ([(b"Content-Length", b"3")], Stream(None), []),
        ([(b"Content-Length", b"3")], Stream(3), [b"3"]),
        ([(b"Content-Length", b"0")], EMPTY, [b"0"]),
        ([(b"Content-Length", b"3")], EMPTY, [b"0"]),
        ([], EMPTY, []),
    ],
)
@pytest.mark.parametrize("shared", [True, False])
def test_the_length_told_is_that_of_the_body(headers, body, told, shared):
    made = Response(200, Fields(headers) if shared else headers, body)
    got = read(response_block(made))
    assert [value for name, value in got if name == b"content-length"] == told


@pytest.mark.parametrize(("status", "describes"), [(200, True), (304, False)])
def test_a_length_may_be_of_what_is_not_sent(status, describes):
    made = Response(status, [(b"Content-Length", b"9")])
    assert (b"content-length", b"9") in read(response_block(made, describes=describes))


def test_lines_that_filters_added_go_out():
    made = request()
    made.add(header_line(b"L5d-Dst", b"/svc/web"))
    made.add(header_line(b"Via", b"1.1 linkerd"))
    again = request()
    again.fields = made.fields
    assert read(request_block(made))[4:] == [(b"l5d-dst", b"/svc/web"), (b"via", b"1.1 linkerd")]
    assert read(request_block(again)) == pseudo()


def test_secrets_stay_secret():
    made = request(
        headers=[(b"Host", b"web"), Sensitive((b"x-key", b"s")), (b"Authorization", b"x")]
    )
    secret = [
        pair[0]
        for pair in reference.Decoder().decode(request_block(made))
        if isinstance(pair, NeverIndexedHeaderTuple)
    ]
    assert secret == ["x-key", "authorization"]


def test_trailers_and_remembered_trailers():
    for _ in range(2):
        assert read(trailers_block(((b"Grpc-Status", b"0"),))) == [(b"grpc-status", b"0")]
    assert read(trailers_block([(b"a", b"b" * 5000)])) == [(b"a", b"b" * 5000)]
    assert trailers_block((Sensitive((b"a", b"b")),)) != trailers_block(((b"a", b"b"),))


@pytest.mark.parametrize(
    "made",
    [
        request(uri=b"/a b"),
        request(uri=b""),
        request(headers=[(b"a\nb", b"c")]),
        request(headers=[(b"a", b"b\r\nc")]),
        request(headers=[(b"a", b"b\0")]),
        request(headers=[(b":path", b"/")]),
        request(headers=[(b"Host", b"a\r\nb")]),
        request(b"GE T"),
        request(scheme=b"ht\ntp"),
    ],
)
def test_what_cannot_be_said_is_not(made):
    with pytest.raises(UnwritableHead):
        request_block(made)
