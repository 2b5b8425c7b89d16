"""Compression of responses, for clients that accept it and backends that did not do it.

Source: dataplane spec, section 2.5 (`compressionLevel`); RFC 9110, 8.4 and 12.5.3.
"""

import re
import zlib
from functools import lru_cache

from linkerpy.codec.body import Body, Stream, Trailers
from linkerpy.codec.fields import tokens
from linkerpy.codec.http import HTTP_10, Request, Response
from linkerpy.core.service import Filter
from linkerpy.protocol.http.filters import Coming, HttpService

AUTOMATIC = -1
"""The level at which only text is compressed, as well as zlib usually does."""

_TEXT = re.compile(
    rb"text/.*|image/svg\+xml"
    rb"|application/(?:atom\+xml|javascript|json|rss\+xml|x-javascript|xhtml\+xml|xml)"
)
_WORTH_IT = 860
"""Bytes. What is shorter travels in one packet with or without it; `AUTOMATIC` leaves it alone."""

_WINDOW = {b"gzip": 31, b"deflate": 15}
"""zlib's names for the two containers."""

_NEVER = frozenset((204, 206, 304))
"""Statuses of responses without a body, or with a part whose offsets would no longer be true."""


def compress(level: int) -> Filter[Response] | None:
    """A filter that compresses what may be; None at level 0, which turns it off."""
    if level == 0:
        return None

    def filtered(service: HttpService, request: Request) -> Coming:
        accepted = request.get(b"accept-encoding")
        coding = accepted and choose(accepted)
        if not coding or request.method == b"HEAD":
            return service(request)
        return _compressed(request, service, coding, level)

    return filtered


async def _compressed(
    request: Request, service: HttpService, coding: bytes, level: int
) -> Response:
    response = await service(request)
    if _may_be(response, level):
        _compress(response, coding, 6 if level == AUTOMATIC else level)
    return response


@lru_cache(256)
def choose(accepted: bytes) -> bytes | None:
    """The coding that an `Accept-Encoding` likes best of `gzip` and `deflate`, if any."""
    likes: dict[bytes, float] = {}
    for item in accepted.lower().split(b","):
        name, _, parameters = item.partition(b";")
        likes[name.strip()] = _quality(parameters)
    everything = likes.get(b"*", 0.0)
    gzip, deflate = (likes.get(name, everything) for name in _WINDOW)
    if max(gzip, deflate) <= 0:
        return None
    return b"gzip" if gzip >= deflate else b"deflate"


def _quality(parameters: bytes) -> float:
    found = re.fullmatch(rb"\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*", parameters)
    if found:
        return float(found[1])
    return 0.0 if parameters.strip() else 1.0


def _may_be(response: Response, level: int) -> bool:
    length = response.body.length
    if response.status in _NEVER or length == 0:
        return False
    if level == AUTOMATIC and length is not None and length < _WORTH_IT:
        return False
    names = response.names
    kind = names.get(b"content-type", b"").partition(b";")[0].strip().lower()
    return (
        response.status >= 200
        and response.version != HTTP_10
        and b"content-encoding" not in names
        and (level != AUTOMATIC or _TEXT.fullmatch(kind) is not None)
        and not any(b"no-transform" in v.lower() for v in response.get_all(b"cache-control"))
    )


def _compress(response: Response, coding: bytes, level: int) -> None:
    body = response.body
    if body.complete:
        data = zlib.compress(body.data, level, wbits=_WINDOW[coding])
        if len(data) >= len(body.data) or body.trailers:
            return
        response.body = Body(data)
    else:
        response.body = Deflated(body, coding, level).body
    response.remove(b"content-length")
    response.remove(b"accept-ranges")
    response.set(b"Content-Encoding", coding)
    vary = response.get_all(b"vary")
    if b"accept-encoding" not in tokens(response.headers, b"vary"):
        response.set(b"Vary", b", ".join([*vary, b"Accept-Encoding"]))
    tag = response.get(b"etag")
    if tag is not None and not tag.startswith(b"W/"):  # the bytes are no longer the same
        response.set(b"ETag", b"W/" + tag)


class Deflated:
    """A sink that compresses what it gets into `body`, which follows it at its pace.

    Each piece is flushed: a client sees what the backend has sent, not what fills a block.
    """

    def __init__(self, source: Body, coding: bytes, level: int) -> None:
        self._zlib = zlib.compressobj(level, wbits=_WINDOW[coding])
        self.body = Stream(None, source.pause, source.resume, source.cancel)
        source.connect(self)

    def chunk(self, data: bytes) -> None:
        """See `Sink`."""
        self.body.write(self._zlib.compress(data) + self._zlib.flush(zlib.Z_SYNC_FLUSH))

    def end(self, trailers: Trailers) -> None:
        """See `Sink`."""
        self.body.write(self._zlib.flush())
        self.body.end(trailers)

    def fail(self, error: BaseException) -> None:
        """See `Sink`."""
        self.body.fail(error)
