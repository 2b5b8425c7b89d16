"""HPACK: fields to header blocks, by what they are alone.

No block we send changes the peer's table, and the first announces that the table may be empty: so
what a field looks like on the wire depends on nothing, can be remembered for all connections, and
ready pieces can be put together in any order. It costs about a hundred bytes for a response, and
spares the peer the memory.

Source: RFC 7541.
"""

from linkerpy.codec.http2.hpack_tables import (
    INDEX_OF_NAME,
    INDEX_OF_PAIR,
    Pair,
    Sensitive,
)

EMPTY_TABLE = b"\x20"
"""Table size update to 0: stands at the head of the first block of a connection."""

_SHORT_COOKIE = 20
_SECRET = frozenset((b"authorization", b"proxy-authorization"))


def integer(value: int, bits: int, pattern: int = 0) -> bytes:
    """An integer with a prefix of `bits` bits, below the `pattern`. Source: RFC 7541, 5.1."""
    limit = (1 << bits) - 1
    if value < limit:
        return bytes((pattern | value,))
    octets = bytearray((pattern | limit,))
    value -= limit
    while value >= 0x80:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    octets.append(value)
    return bytes(octets)


def string(value: bytes) -> bytes:
    """A string literal, as it is."""
    size = len(value)
    return b"%c%b" % (size, value) if size < 0x7F else integer(size, 7) + value


_PLAIN = {name: integer(index, 4) for name, index in INDEX_OF_NAME.items()}
_NEVER = {name: integer(index, 4, 0x10) for name, index in INDEX_OF_NAME.items()}
_WHOLE = {pair: integer(index, 7, 0x80) for pair, index in INDEX_OF_PAIR.items() if pair[1]}


def field(pair: Pair) -> bytes:
    """A field of lower-case name: from the static table, or as a literal that nobody indexes.

    Secrets that are short enough to be guessed piece by piece ask every hop behind us to keep them
    out of its tables, too. Source: RFC 7541, 7.1.3.
    """
    name, value = pair
    if pair.__class__ is Sensitive or _is_secret(name, value):
        head = _NEVER.get(name) or b"\x10" + string(name)
        return head + string(value)
    whole = _WHOLE.get(pair)
    if whole is not None:
        return whole
    head = _PLAIN.get(name) or b"\x00" + string(name)
    return head + string(value)


def _is_secret(name: bytes, value: bytes) -> bool:
    return name in _SECRET or (name == b"cookie" and len(value) < _SHORT_COOKIE)


def fields(pairs: list[Pair]) -> bytes:
    """Several fields, in order."""
    return b"".join([field(pair) for pair in pairs])
