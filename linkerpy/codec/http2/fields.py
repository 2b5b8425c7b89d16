"""The rules for header fields that HTTP/2 has and HTTP/1 has not, or has otherwise.

They hold for what comes in (the peer is wrong) and for what a filter made (we are); what came in
by HTTP/2 need not be looked at again on its way out.

Source: RFC 9113, sections 8.2 and 8.3.
"""

import re
from collections.abc import Sequence

from linkerpy.codec.http2.errors import Malformed
from linkerpy.codec.http2.hpack_tables import Pair, Sensitive, like

CONNECTION_FIELDS = frozenset(
    (b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade")
)
"""Fields of HTTP/1's connections. Source: RFC 9113, 8.2.2; dataplane spec, section 4.3."""

_NAMES = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]+(?:\n[!#$%&'*+\-.^_`|~0-9a-z]+)*")
_BAD_VALUE = re.compile(rb"(?m)[\x00-\x08\x0b-\x1f\x7f]|^[\t ]|[\t ]$")
_TRAILERS = b"trailers"


def check(pairs: Sequence[Pair]) -> None:
    """Whether these may stand in a message, pseudo-fields left out.

    Names and values are joined and looked at together: it costs a third of looking at each.

    Raises: Malformed naming the field at fault.
    """
    if not pairs:
        return
    names = [name for name, _ in pairs]
    lines = len(pairs) - 1
    text = b"\n".join(names)
    if not _NAMES.fullmatch(text) or text.count(b"\n") != lines:
        _blame_name(names)
    text = b"\n".join([value for _, value in pairs])
    if text.count(b"\n") != lines or _BAD_VALUE.search(text):
        _blame_value(pairs)
    if not CONNECTION_FIELDS.isdisjoint(names):
        raise Malformed(f"a header of HTTP/1 connections: {_shown(_first(names))}")
    if b"te" in names and any(name == b"te" and value != _TRAILERS for name, value in pairs):
        raise Malformed("a `te` header of another value than `trailers`")


def _first(names: list[bytes]) -> bytes:
    return next(name for name in names if name in CONNECTION_FIELDS)


def _shown(data: bytes) -> str:
    text = repr(data[:60])[2:-1]
    return f"`{text}`"


def _blame_name(names: list[bytes]) -> None:
    for name in names:
        if name.startswith(b":"):
            raise Malformed(f"pseudo-header {_shown(name)} where it may not stand")
        if b"\n" in name or not _NAMES.fullmatch(name):
            what = "has upper-case letters" if name != name.lower() else "is not a token"
            raise Malformed(f"header name {_shown(name)} {what}")


def _blame_value(pairs: Sequence[Pair]) -> None:
    for name, value in pairs:
        if b"\n" in value or _BAD_VALUE.search(value):
            raise Malformed(f"header {_shown(name)} holds a control byte, or space at an end")


def content_length(pairs: Sequence[Pair]) -> int:
    """The length that a message declares in bytes, or -1.

    Raises: Malformed for one that is no number, or two of them.
    """
    told = [value for name, value in pairs if name == b"content-length"]
    if not told:
        return -1
    if len(told) > 1:
        raise Malformed("two headers `content-length`")
    if not told[0].isdigit() or len(told[0]) > 18:
        raise Malformed(f"`content-length` is no number of bytes: {_shown(told[0])}")
    return int(told[0])


def joined_cookies(pairs: list[Pair]) -> list[Pair]:
    """The fields with the crumbs of a cookie put together, in the place of the first.

    HTTP/1 and those who look into a request know one `cookie` only. Source: RFC 9113, 8.2.3.
    """
    crumbs = [pair for pair in pairs if pair[0] == b"cookie"]
    if len(crumbs) < 2:
        return pairs
    # What asks not to be indexed goes on asking, for the cookie as a whole.
    model = next((pair for pair in crumbs if pair.__class__ is Sensitive), crumbs[0])
    value = b"; ".join([value for _, value in crumbs])
    first = pairs.index(crumbs[0])
    rest = [pair for pair in pairs[first:] if pair[0] != b"cookie"]
    return [*pairs[:first], like(model, b"cookie", value), *rest]
