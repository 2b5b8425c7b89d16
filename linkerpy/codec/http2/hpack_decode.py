"""HPACK: header blocks to lists of fields.

A decoder belongs to one connection and must be given every block of it, in order, whatever became
of the stream. It says whether a block `changed` its table, so that its owner can remember what
blocks mean for as long as the table stays as it is.

Work and memory are bounded by the size of the block: a field taken from a table is a reference to
what is there. What the fields add up to is for the owner to judge.

Source: RFC 7541.
"""

from collections import deque

from linkerpy.codec.http2.errors import CompressionFailure
from linkerpy.codec.http2.hpack_tables import DYNAMIC_FROM, STATIC, Pair, Sensitive
from linkerpy.codec.http2.huffman import decode as unpack

ENTRY_OVERHEAD = 32
"""Bytes an entry counts beyond its name and value. Source: RFC 7541, 4.1."""

_MAX_SHIFT = 28
"""An integer has at most five bytes behind its prefix: 32 bits and some."""


class Decoder:
    """Sizes in bytes. `limit` is the largest table the peer may ask for: our setting."""

    __slots__ = ("_entries", "_resize_due", "changed", "limit", "max_size", "sensitive", "size")

    def __init__(self, limit: int = 4096) -> None:
        self.limit = limit
        self.max_size = limit
        self.size = 0
        self.changed = False
        """Whether the last block left the table other than it was."""
        self.sensitive = False
        """Whether the last block held a field that must not be remembered."""
        self._entries: deque[Pair] = deque()
        self._resize_due = False

    def __repr__(self) -> str:
        return f"<Decoder {len(self._entries)} entries, {self.size} of {self.max_size} bytes>"

    def set_limit(self, limit: int) -> None:
        """The peer has acknowledged our setting: its next block must stay within it.

        Source: RFC 7541, 4.2; RFC 9113, 4.3.1.
        """
        self._resize_due = limit < self.max_size
        self.limit = limit

    def decode(self, block: bytes) -> list[Pair]:
        """The fields of a whole block, in order; never-indexed ones are `Sensitive`.

        Raises: CompressionFailure; the decoder is of no use from then on.
        """
        self.changed = self.sensitive = False
        try:
            return self._fields(block, self._resizes(block))
        except IndexError:
            raise CompressionFailure("a header block ends within a field") from None

    def _fields(self, block: bytes, at: int) -> list[Pair]:
        found: list[Pair] = []
        end = len(block)
        while at < end:
            first = block[at]
            if first & 0x80:
                index = first & 0x7F
                at += 1
                if index == 0x7F:
                    index, at = _integer(block, at, 0x7F)
                found.append(STATIC[index - 1] if 0 < index < DYNAMIC_FROM else self._entry(index))
                continue
            if first & 0xE0 == 0x20:
                raise CompressionFailure("a table size update behind a field")
            mask = 0x3F if first & 0x40 else 0x0F
            index = first & mask
            at += 1
            if index == mask:
                index, at = _integer(block, at, mask)
            if index:
                name = self._entry(index)[0]
            else:
                name, at = _string(block, at)
            value, at = _string(block, at)
            found.append(self._literal(first, (name, value)))
        return found

    def _literal(self, first: int, pair: Pair) -> Pair:
        if first & 0x40:
            self._insert(pair)
        elif first & 0x10:
            self.sensitive = True
            return Sensitive(pair)
        return pair

    def _entry(self, index: int) -> Pair:
        if 0 < index < DYNAMIC_FROM:
            return STATIC[index - 1]
        if index == 0 or index - DYNAMIC_FROM >= len(self._entries):
            raise CompressionFailure(f"there is no table entry {index}")
        return self._entries[index - DYNAMIC_FROM]

    def _insert(self, pair: Pair) -> None:
        self.changed = True
        size = len(pair[0]) + len(pair[1]) + ENTRY_OVERHEAD
        self._evict(self.max_size - size)
        if size <= self.max_size:
            self._entries.appendleft(pair)
            self.size += size

    def _evict(self, size: int) -> None:
        """Drop the oldest entries until no more than `size` bytes are left."""
        entries = self._entries
        while entries and self.size > size:
            name, value = entries.pop()
            self.size -= len(name) + len(value) + ENTRY_OVERHEAD

    def _resizes(self, block: bytes) -> int:
        """Take the size updates at the head of a block; where they end."""
        at = 0
        while at < len(block) and block[at] & 0xE0 == 0x20:
            size = block[at] & 0x1F
            at += 1
            if size == 0x1F:
                size, at = _integer(block, at, 0x1F)
            if size > self.limit:
                raise CompressionFailure(f"a table of {size} bytes, where {self.limit} are allowed")
            self.max_size = size
            self._evict(size)
            self.changed = True
            self._resize_due = False
        if self._resize_due:
            raise CompressionFailure("the table was not reduced to the size we allow")
        return at


def _integer(block: bytes, at: int, prefix: int) -> tuple[int, int]:
    """An integer that did not fit into its prefix, and where it ends. Source: RFC 7541, 5.1."""
    value = prefix
    shift = 0
    while True:
        byte = block[at]
        at += 1
        value += (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > _MAX_SHIFT:
            raise CompressionFailure("an integer of a header block is too long")


def _string(block: bytes, at: int) -> tuple[bytes, int]:
    """A string literal and where it ends. Source: RFC 7541, 5.2."""
    first = block[at]
    at += 1
    size = first & 0x7F
    if size == 0x7F:
        size, at = _integer(block, at, 0x7F)
    end = at + size
    if end > len(block):
        raise CompressionFailure("a string of a header block ends behind the block")
    return (unpack(block[at:end]) if first & 0x80 else block[at:end]), end
