"""The static Huffman code of HPACK, decoded a byte at a time.

The code is canonical: symbols of equal length have consecutive codes, in order, so the lengths say
all. A state of the decoder is an inner node of the code's tree; a row holds, for each byte that may
come, the symbols it completes and the next state. Rows are made when a state is first met: common
text meets few of the 256.

We send plain literals, so there is no encoder; see `hpack_encode`.

Source: RFC 7541, section 5.2 and appendix B.
"""

from linkerpy.codec.http2.errors import CompressionFailure

EOS = 256

LENGTHS = (
    b"\x0d\x17\x1c\x1c\x1c\x1c\x1c\x1c\x1c\x18\x1e\x1c\x1c\x1e\x1c\x1c\x1c\x1c\x1c\x1c\x1c\x1c"
    b"\x1e\x1c\x1c\x1c\x1c\x1c\x1c\x1c\x1c\x1c\x06\x0a\x0a\x0c\x0d\x06\x08\x0b\x0a\x0a\x08\x0b"
    b"\x08\x06\x06\x06\x05\x05\x05\x06\x06\x06\x06\x06\x06\x06\x07\x08\x0f\x06\x0c\x0a\x0d\x06"
    b"\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07"
    b"\x08\x07\x08\x0d\x13\x0d\x0e\x06\x0f\x05\x06\x05\x06\x05\x06\x06\x06\x05\x07\x07\x06\x06"
    b"\x06\x05\x06\x07\x06\x05\x05\x06\x07\x07\x07\x07\x07\x0f\x0b\x0e\x0d\x1c\x14\x16\x14\x14"
    b"\x16\x16\x16\x17\x16\x17\x17\x17\x17\x17\x18\x17\x18\x18\x16\x17\x18\x17\x17\x17\x17\x15"
    b"\x16\x17\x16\x17\x17\x18\x16\x15\x14\x16\x16\x17\x17\x15\x17\x16\x16\x18\x15\x16\x17\x17"
    b"\x15\x15\x16\x15\x17\x16\x17\x17\x14\x16\x16\x16\x17\x16\x16\x17\x1a\x1a\x14\x13\x16\x17"
    b"\x16\x19\x1a\x1a\x1a\x1b\x1b\x1a\x18\x19\x13\x15\x1a\x1b\x1b\x1a\x1b\x18\x15\x15\x1a\x1a"
    b"\x1c\x1b\x1b\x1b\x14\x18\x14\x15\x16\x15\x15\x17\x16\x16\x19\x19\x18\x18\x1a\x17\x1a\x1b"
    b"\x1a\x1a\x1b\x1b\x1b\x1b\x1b\x1c\x1b\x1b\x1b\x1b\x1b\x1a\x1e"
)
"""Bits of the code of each symbol: the 256 bytes, then EOS."""

_Node = list[int]
_Row = list[tuple[bytes, int] | None]


def _tree() -> list[_Node]:
    """Inner nodes, the root first, as [child on 0, child on 1]; a symbol is held as ~symbol."""
    nodes: list[_Node] = [[0, 0]]
    code = length = 0
    for symbol in sorted(range(EOS + 1), key=lambda symbol: (LENGTHS[symbol], symbol)):
        code <<= LENGTHS[symbol] - length
        length = LENGTHS[symbol]
        node = nodes[0]
        for shift in range(length - 1, 0, -1):
            bit = code >> shift & 1
            if not node[bit]:
                nodes.append([0, 0])
                node[bit] = len(nodes) - 1
            node = nodes[node[bit]]
        node[code & 1] = ~symbol
        code += 1
    return nodes


_NODES = _tree()


def _padding() -> frozenset[int]:
    """States in which a string may end: after at most seven ones, the beginning of EOS."""
    states = [0]
    while len(states) < 8:
        states.append(_NODES[states[-1]][1])
    return frozenset(states)


_PADDING = _padding()


class _Rows(dict[int, _Row]):
    """Rows by state, made when first asked for; at most 256 of them."""

    def __missing__(self, state: int) -> _Row:
        row = self[state] = [_step(state, byte) for byte in range(256)]
        return row


def _step(state: int, byte: int) -> tuple[bytes, int] | None:
    """What a byte completes and where it leads; None if EOS is within it, which is an error."""
    symbols = bytearray()
    for shift in range(7, -1, -1):
        child = _NODES[state][byte >> shift & 1]
        if child >= 0:
            state = child
        elif ~child == EOS:
            return None
        else:
            symbols.append(~child)
            state = 0
    return bytes(symbols), state


_rows = _Rows()


def decode(data: bytes) -> bytes:
    """The string that was encoded as `data`.

    Raises: CompressionFailure for EOS within the string, or padding that is none.
    """
    state = 0
    rows = _rows
    found: list[bytes] = []
    append = found.append
    for byte in data:
        step = rows[state][byte]
        if step is None:
            raise CompressionFailure("a Huffman string contains EOS")
        append(step[0])
        state = step[1]
    if state not in _PADDING:
        raise CompressionFailure("a Huffman string ends within a symbol, or in wrong padding")
    return b"".join(found)
