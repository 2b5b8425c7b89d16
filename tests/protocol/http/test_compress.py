"""Compression of responses: who gets it, what it leaves alone, and that it streams."""

import gzip
import zlib
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.codec.body import Stream
from linkerpy.codec.http import Request, Response
from linkerpy.core.drive import drive
from linkerpy.core.service import compose
from linkerpy.protocol.http.compress import Deflated, choose, compress

TEXT = b"all work and no play " * 50


def through(level, response, accept=b"gzip", method=b"GET"):
    """What comes of a response behind the filter."""
    outcome = []

    async def backend(_request):
        return response

    headers = [(b"Host", b"a")] + ([(b"Accept-Encoding", accept)] if accept is not None else [])
    stack = compose(compress(level), backend)
    drive(stack(Request(method, b"/", headers)), lambda *told: outcome.append(told))
    assert outcome[0][1] is None
    return outcome[0][0]


def reply(body=TEXT, status=200, **headers):
    headers.setdefault("Content_Type", "text/html; charset=utf-8")
    made = Stream(len(body))
    made.write(body)
    made.end()
    pairs = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
    return Response(status, [*pairs, (b"Content-Length", b"%d" % len(body))], made)


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        (b"gzip", b"gzip"),
        (b"deflate", b"deflate"),
        (b"deflate, gzip", b"gzip"),
        (b"gzip;q=0.5, deflate;q=0.8", b"deflate"),
        (b"gzip;q=0, deflate", b"deflate"),
        (b"GZIP ; q=1.0", b"gzip"),
        (b"*", b"gzip"),
        (b"*;q=0, deflate", b"deflate"),
        (b"br, identity", None),
        (b"gzip;q=0", None),
        (b"gzip;q=nonsense", None),
        (b"", None),
    ],
)
def test_the_client_chooses(accept, coding):
    assert choose(accept) == coding


@pytest.mark.parametrize(("coding", "wbits"), [(b"gzip", 31), (b"deflate", 15)])
def test_a_text_is_compressed_and_says_so(coding, wbits):
    found = through(-1, reply(ETag='"a"', Accept_Ranges="bytes"), coding)
    assert zlib.decompress(found.body.data, wbits) == TEXT
    assert found.body.length == len(found.body.data) < len(TEXT)
    assert found.get(b"content-encoding") == coding
    assert found.get(b"vary") == b"Accept-Encoding"
    assert found.get(b"etag") == b'W/"a"'
    assert found.get(b"accept-ranges") is None


@pytest.mark.parametrize(
    ("level", "accept", "method", "response"),
    [
        (0, b"gzip", b"GET", reply()),
        (-1, None, b"GET", reply()),
        (-1, b"br", b"GET", reply()),
        (-1, b"gzip", b"HEAD", reply()),
        (-1, b"gzip", b"GET", reply(Content_Type="image/png")),
        (-1, b"gzip", b"GET", reply(Content_Type="application/octet-stream")),
        (-1, b"gzip", b"GET", reply(Content_Encoding="br")),
        (-1, b"gzip", b"GET", reply(Cache_Control="public, no-transform")),
        (-1, b"gzip", b"GET", reply(status=206)),
        (-1, b"gzip", b"GET", reply(b"x" * 859)),
        (9, b"gzip", b"GET", reply(b"short")),
        (-1, b"gzip", b"GET", reply(b"")),
    ],
)
def test_the_rest_is_left_as_it_is(level, accept, method, response):
    before = (response.body, list(response.headers))
    found = through(level, response, accept, method)
    assert (found.body, found.headers) == before


@pytest.mark.parametrize("kind", ["image/png", "application/pdf"])
def test_a_level_compresses_every_type(kind):
    found = through(9, reply(Content_Type=kind))
    assert gzip.decompress(found.body.data) == TEXT


def test_vary_is_extended_once():
    assert through(-1, reply(Vary="Cookie")).get(b"vary") == b"Cookie, Accept-Encoding"
    assert through(-1, reply(Vary="accept-encoding")).get_all(b"vary") == [b"accept-encoding"]


class Taker:
    def __init__(self, wbits=31):
        self.zlib = zlib.decompressobj(wbits)
        self.text = b""
        self.trailers = None
        self.error = None

    def chunk(self, data):
        self.text += self.zlib.decompress(data)

    def end(self, trailers):
        self.trailers = trailers

    def fail(self, error):
        self.error = error


def test_a_streamed_body_arrives_piece_by_piece():
    source, taker = Stream(), Taker()
    Deflated(source, b"gzip", 6).body.connect(taker)
    source.write(b"event: 1\n\n")
    assert taker.text == b"event: 1\n\n"
    source.write(b"event: 2\n\n")
    source.end([(b"x", b"y")])
    assert taker.text == b"event: 1\n\nevent: 2\n\n"
    assert taker.trailers == [(b"x", b"y")]
    assert taker.zlib.eof


def test_a_body_that_breaks_off_breaks_off():
    source, taker = Stream(), Taker()
    Deflated(source, b"gzip", 6).body.connect(taker)
    source.write(b"half")
    source.fail(ValueError("gone"))
    assert isinstance(taker.error, ValueError)
    assert not taker.zlib.eof


def test_a_slow_client_holds_the_backend_back_and_one_that_leaves_stops_it():
    told = []
    source = Stream(None, lambda: told.append("pause"), lambda: None, told.append)
    body = Deflated(source, b"gzip", 1).body
    body.connect(Taker())
    body.pause()
    for block in range(400):
        source.write(zlib.compress(bytes([block % 256]) * 50) * 20)
    assert told == []  # compressed, it is little; now what is not
    noise = Random(1)
    for _ in range(8):
        source.write(noise.randbytes(30000))
    assert "pause" in told
    gone = ValueError("left")
    body.cancel(gone)
    assert told[-1] is gone


@given(st.lists(st.binary(min_size=1, max_size=300)), st.sampled_from([1, 6, 9]))
def test_what_is_compressed_is_the_same_again(pieces, level):
    source, taker = Stream(), Taker()
    Deflated(source, b"gzip", level).body.connect(taker)
    for piece in pieces:
        source.write(piece)
    source.end()
    assert taker.text == b"".join(pieces)
