"""Heads of messages to header blocks.

What shared fields look like on the wire is worked out once and kept with them: our blocks depend
on no table (`hpack_encode`), so the same bytes serve every connection. To them come the first
line's worth (method, path, status), and the lines that filters added.

As in HTTP/1 the writer has the last word on `content-length`; fields that concern only HTTP/1's
connections do not go out.

Source: RFC 9113, sections 8.1 to 8.3; RFC 8441; RFC 7541.
"""

import re
from functools import lru_cache

from linkerpy.codec.body import Trailers
from linkerpy.codec.fields import Headers
from linkerpy.codec.http import Message, Request, Response
from linkerpy.codec.http2 import hpack_encode as hpack
from linkerpy.codec.http2.errors import Malformed
from linkerpy.codec.http2.fields import CONNECTION_FIELDS, check
from linkerpy.codec.http2.hpack_tables import Pair, Sensitive, like

_KEY = "http2"
"""Under which `Fields.framing` keeps what is worked out here."""
_NOT_SENT = CONNECTION_FIELDS | {b"http2-settings"}
_SMALL = 1024
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_AUTHORITY = re.compile(rb"[\x21-\x7e\x80-\xff]*")
_LENGTH = hpack.integer(28, 4)
"""`content-length`, of which the value follows."""

_METHODS = {
    method: hpack.field((b":method", method))
    for method in (b"GET", b"POST", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"CONNECT")
}
_SCHEMES = {scheme: hpack.field((b":scheme", scheme)) for scheme in (b"http", b"https")}
_STATUSES = {status: hpack.field((b":status", b"%d" % status)) for status in range(100, 1000)}

Encoded = tuple[bytes, bytes]
"""`:authority` as a field, empty if there is none; and all other fields."""


class UnwritableHead(ValueError):
    """A head that cannot be said in HTTP/2: a bug in what made it."""


def request_block(request: Request) -> bytes:
    """The header block of a request.

    Raises: UnwritableHead.
    """
    method, uri = request.method, request.uri
    if len(uri.split()) != 1:
        raise UnwritableHead(f"white space in request target {uri!r}")
    authority, rest = _encoded(request, describes=False)
    head = _METHODS.get(method) or _token(b":method", method)
    if method == b"CONNECT" and request.protocol is None:
        return b"%b%b%b" % (head, hpack.field((b":authority", uri)), rest)
    scheme = request.scheme
    if uri[0] != 47 and b"://" in uri:
        scheme, authority, uri = _absolute(uri)
    if scheme is None:
        scheme = b"http"
    path = hpack.field((b":path", uri)) if len(uri) < 12 else b"\x04" + hpack.string(uri)
    if request.protocol is not None:
        head += _token(b":protocol", request.protocol)
    told = _SCHEMES.get(scheme) or _token(b":scheme", scheme)
    return b"%b%b%b%b%b" % (head, told, authority, path, rest)


def _token(name: bytes, value: bytes) -> bytes:
    if not _TOKEN.fullmatch(value):
        raise UnwritableHead(f"a bad {name.decode()}: {value!r}")
    return hpack.field((name, value))


def response_block(response: Response, *, describes: bool = False) -> bytes:
    """The header block of a response, or of an interim one.

    It `describes` a body that is not sent when it answers HEAD, or is a 304: then its
    `content-length` stays what it is.

    Raises: UnwritableHead.
    """
    status = response.status
    _, rest = _encoded(response, describes=describes or status == 304 or status < 200)
    return _STATUSES[status] + rest


def trailers_block(trailers: Trailers) -> bytes:
    """The header block behind a body.

    Raises: UnwritableHead.
    """
    if trailers.__class__ is tuple and _worth(trailers):
        return _remembered_trailers(trailers)
    return _encode(list(trailers))[1]


def _worth(pairs: Trailers) -> bool:
    """Whether these may be kept: neither many nor secret."""
    size = 0
    for pair in pairs:
        if pair.__class__ is Sensitive:
            return False
        size += len(pair[0]) + len(pair[1])
    return size <= _SMALL


@lru_cache(maxsize=256)
def _remembered_trailers(trailers: tuple[Pair, ...]) -> bytes:
    return _encode(list(trailers))[1]


def _encoded(message: Message, *, describes: bool) -> Encoded:
    """All fields of a message, those added included, with a `content-length` that is true."""
    fields = message.fields
    length = message.body.length
    told = None if fields is None else fields.told
    tell = b""
    if fields is None or not (describes or told == b"" or fields.length == length):
        return _encoded_anew(message, describes=describes)
    if length and told == b"" and not describes:
        tell = _LENGTH + hpack.string(b"%d" % length)
    known: Encoded | None = fields.framing.get(_KEY)
    if known is None:
        known = fields.framing[_KEY] = _encode(fields.pairs)
    authority, rest = known
    if message.added:
        more = _added(message.added)
        return (authority or more[0]), b"%b%b%b" % (rest, more[1], tell)
    return authority, rest + tell if tell else rest


def _encoded_anew(message: Message, *, describes: bool) -> Encoded:
    fields = message.fields
    pairs = fields.pairs + _lines(message.added) if fields is not None else message.headers
    length = message.body.length
    if describes:
        return _encode(pairs)
    kept = [pair for pair in pairs if pair[0].lower() != b"content-length"]
    authority, block = _encode(kept)
    if length or (length == 0 and len(kept) != len(pairs)):
        block += _LENGTH + hpack.string(b"%d" % length)
    return authority, block


def _added(lines: bytes) -> Encoded:
    return _remembered_lines(lines) if len(lines) <= _SMALL else _encode(_lines(lines))


@lru_cache(maxsize=512)
def _remembered_lines(lines: bytes) -> Encoded:
    return _encode(_lines(lines))


def _lines(lines: bytes) -> Headers:
    """Ready lines of HTTP/1 as pairs; see `linkerpy.codec.http.header_line`."""
    if not lines:
        return []
    found: Headers = []
    for line in lines[:-2].split(b"\r\n"):
        name, _, value = line.partition(b": ")
        found.append((name, value))
    return found


def _encode(pairs: Headers) -> Encoded:
    """The fields as HTTP/2 has them: lower case, without those of HTTP/1's connections.

    Raises: UnwritableHead.
    """
    authority = b""
    kept: Headers = []
    for pair in pairs:
        name = pair[0]
        folded = name.lower()
        if folded == b"host":
            if not _AUTHORITY.fullmatch(pair[1]):
                raise UnwritableHead(f"not an authority: {pair[1]!r}")
            if pair[1] and not authority:  # empty, it is better left out
                authority = hpack.field((b":authority", pair[1]))
        elif folded not in _NOT_SENT and (folded != b"te" or pair[1] == b"trailers"):
            kept.append(pair if folded == name else like(pair, folded, pair[1]))
    try:
        check(kept)
    except Malformed as malformed:
        raise UnwritableHead(malformed.reason) from None
    return authority, hpack.fields(kept)


def _absolute(uri: bytes) -> tuple[bytes, bytes, bytes]:
    """Scheme, authority (as a field) and path of an absolute target. Source: RFC 9113, 8.3.1."""
    scheme, _, rest = uri.partition(b"://")
    cut = next((at for at, byte in enumerate(rest) if byte in b"/?#"), len(rest))
    path = rest[cut:].partition(b"#")[0]
    if path[:1] != b"/":
        path = b"/" + path
    return scheme.lower(), hpack.field((b":authority", rest[:cut])), path
