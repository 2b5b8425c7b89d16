"""The static table of HPACK, and what both directions ask of it.

Source: RFC 7541, appendix A.
"""

Pair = tuple[bytes, bytes]


class Sensitive(tuple[bytes, bytes]):
    """A field that no hop may put into a table: it came never-indexed and leaves so.

    Source: RFC 7541, sections 6.2.3 and 7.1.3.
    """

    __slots__ = ()


def like(pair: Pair, name: bytes, value: bytes) -> Pair:
    """A field as sensitive as `pair`."""
    return Sensitive((name, value)) if pair.__class__ is Sensitive else (name, value)


STATIC: tuple[Pair, ...] = (
    (b":authority", b""),
    (b":method", b"GET"),
    (b":method", b"POST"),
    (b":path", b"/"),
    (b":path", b"/index.html"),
    (b":scheme", b"http"),
    (b":scheme", b"https"),
    (b":status", b"200"),
    (b":status", b"204"),
    (b":status", b"206"),
    (b":status", b"304"),
    (b":status", b"400"),
    (b":status", b"404"),
    (b":status", b"500"),
    (b"accept-charset", b""),
    (b"accept-encoding", b"gzip, deflate"),
    (b"accept-language", b""),
    (b"accept-ranges", b""),
    (b"accept", b""),
    (b"access-control-allow-origin", b""),
    (b"age", b""),
    (b"allow", b""),
    (b"authorization", b""),
    (b"cache-control", b""),
    (b"content-disposition", b""),
    (b"content-encoding", b""),
    (b"content-language", b""),
    (b"content-length", b""),
    (b"content-location", b""),
    (b"content-range", b""),
    (b"content-type", b""),
    (b"cookie", b""),
    (b"date", b""),
    (b"etag", b""),
    (b"expect", b""),
    (b"expires", b""),
    (b"from", b""),
    (b"host", b""),
    (b"if-match", b""),
    (b"if-modified-since", b""),
    (b"if-none-match", b""),
    (b"if-range", b""),
    (b"if-unmodified-since", b""),
    (b"last-modified", b""),
    (b"link", b""),
    (b"location", b""),
    (b"max-forwards", b""),
    (b"proxy-authenticate", b""),
    (b"proxy-authorization", b""),
    (b"range", b""),
    (b"referer", b""),
    (b"refresh", b""),
    (b"retry-after", b""),
    (b"server", b""),
    (b"set-cookie", b""),
    (b"strict-transport-security", b""),
    (b"transfer-encoding", b""),
    (b"user-agent", b""),
    (b"vary", b""),
    (b"via", b""),
    (b"www-authenticate", b""),
)
"""Index 1 is the first."""

INDEX_OF_PAIR = {pair: index for index, pair in enumerate(STATIC, 1)}
INDEX_OF_NAME = {name: index for index, (name, _) in reversed(list(enumerate(STATIC, 1)))}
DYNAMIC_FROM = len(STATIC) + 1
"""The index of the newest entry of the dynamic table."""
