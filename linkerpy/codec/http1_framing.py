"""Where a received HTTP/1 message ends, and whether its connection can carry another.

The one place that reads Content-Length, Transfer-Encoding, Connection and Host for the parsers. A
request that could be read in two ways is refused; a response follows the contract's milder rules,
since a backend that contradicts itself harms only its own connection, which is then given up.

Source: RFC 9112, sections 6 and 9.3; dataplane spec, sections 2.1 (row 7), 2.5 and 2.6.
"""

from linkerpy.codec.fields import Fields
from linkerpy.codec.http import HTTP_10, HTTP_11, get_all, remove, replace
from linkerpy.codec.http1_errors import BadFraming, BadHeaderValue, UnsupportedCoding, quoted

CHUNKED = -1
UNTIL_CLOSE = -2
"""Stand for a body's length where the length is not known beforehand."""

_FRAMING = frozenset((b"content-length", b"transfer-encoding", b"connection"))


def _one(fields: Fields, name: bytes) -> bytes | None:
    """A field's value, None if there is none; repeated, it reads as one joined by commas."""
    value = fields.names.get(name)
    if value is not None and fields.repeated:
        return b",".join(get_all(fields.pairs, name))
    return value


def request_framing(fields: Fields, version: bytes) -> tuple[int, bool]:
    """The length of a request's body (or `CHUNKED`), and whether the client keeps the connection.

    Raises: BadFraming, UnsupportedCoding, BadHeaderValue.
    """
    found: tuple[int, bool] | None = fields.framing.get(version)
    if found is None:
        found = fields.framing[version] = _request_framing(fields, version)
    return found


def _request_framing(fields: Fields, version: bytes) -> tuple[int, bool]:
    names = fields.names
    if fields.repeated and len(get_all(fields.pairs, b"host")) > 1:
        raise BadHeaderValue("more than one `Host` header")
    if names.keys().isdisjoint(_FRAMING):  # as in most requests
        return 0, version == HTTP_11
    keep = _keeps(version, _one(fields, b"connection"))
    coding, length = names.get(b"transfer-encoding"), _one(fields, b"content-length")
    if coding is not None:
        if length is not None:
            raise BadFraming("both `Content-Length` and `Transfer-Encoding`")
        _require_chunked(_one(fields, b"transfer-encoding") or b"", version)
        return CHUNKED, keep
    return (0 if length is None else _decimal(length)), keep


def response_framing(
    fields: Fields, version: bytes, status: int, method: bytes
) -> tuple[Fields, int, bool]:
    """A response's fields, its body's length (or `CHUNKED`, `UNTIL_CLOSE`), whether to keep on.

    `method` is the request's. Contradictory lengths that have one safe reading are cleaned up in
    the fields: next to chunked, Content-Length goes; repeated alike, it becomes one. That holds,
    too, of a length that describes a body which does not follow: the client is told it.

    Raises: BadFraming, UnsupportedCoding.
    """
    if status == 101:  # all that follows belongs to the protocol that was agreed on
        return fields, UNTIL_CLOSE, False
    if method == b"CONNECT" and 200 <= status < 300:
        return fields, 0, False
    if status == 204 or status < 200:
        return fields, 0, _keeps(version, _one(fields, b"connection"))
    bodiless = method == b"HEAD" or status == 304
    key = version, bodiless
    found: tuple[Fields, int, bool] | None = fields.framing.get(key)
    if found is None:
        cleaned, length, keep = _response_framing(fields, version, bodiless=bodiless)
        found = fields.framing[key] = cleaned, 0 if bodiless else length, keep
    return found


def _response_framing(
    fields: Fields, version: bytes, *, bodiless: bool
) -> tuple[Fields, int, bool]:
    keep = _keeps(version, _one(fields, b"connection"))
    coding = _one(fields, b"transfer-encoding")
    if coding is not None and coding.lower() != b"identity":
        if not bodiless:
            _require_chunked(coding, version)
        if b"content-length" not in fields.names:
            return fields, CHUNKED, keep
        # A sender that sets both may have meant either: it is not trusted with another message.
        one_length = list(fields.pairs)
        remove(one_length, b"content-length")
        return Fields(one_length), CHUNKED, False
    length = _one(fields, b"content-length")
    if length is None:
        return fields, UNTIL_CLOSE, keep and bodiless
    if b"," in length:
        length = _agreed(length)
        one_length = list(fields.pairs)
        replace(one_length, b"Content-Length", length)
        fields = Fields(one_length)
    return fields, _decimal(length), keep


def _keeps(version: bytes, connection: bytes | None) -> bool:
    """Source: RFC 9112, 9.3."""
    if connection is None or connection == b"keep-alive":
        return version == HTTP_11 or connection is not None
    options = {item.strip(b" \t") for item in connection.lower().split(b",")}
    return b"close" not in options and (version == HTTP_11 or b"keep-alive" in options)


def _require_chunked(coding: bytes, version: bytes) -> None:
    """Chunked alone is relayed: any other coding would be lost when the header is stripped."""
    if version == HTTP_10:
        raise BadFraming("`Transfer-Encoding` in an HTTP/1.0 message")
    if coding.lower() == b"chunked":
        return
    codings = [item.strip(b" \t") for item in coding.lower().split(b",")]
    if codings[-1] != b"chunked" or codings.count(b"chunked") > 1:
        raise BadFraming(f"`Transfer-Encoding: {quoted(coding)[1:]} does not end in one `chunked`")
    raise UnsupportedCoding(f"transfer coding {quoted(coding)} is not supported, only `chunked` is")


def _decimal(value: bytes) -> int:
    if value.isdigit() and len(value) <= 18:
        return int(value)
    if b"," in value:
        raise BadFraming("conflicting `Content-Length` headers")
    raise BadFraming(f"`Content-Length` is not a number of bytes: {quoted(value)}")


def _agreed(lengths: bytes) -> bytes:
    """The one value of a repeated Content-Length, or all of them when they differ."""
    values = {item.strip(b" \t") for item in lengths.split(b",")}
    return values.pop() if len(values) == 1 else lengths
