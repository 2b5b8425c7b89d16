"""Frames: cutting what was read into them, and writing them.

The reader knows sizes and types, nothing of connections: each frame goes to the function its type
has in a table, with the place of its payload in what was read. Its owner swaps the table when only
some frames may come next (the first frame, a header block under way).

Source: RFC 9113, sections 4 and 6.
"""

from collections.abc import Callable, Iterable, Sequence
from struct import Struct

from linkerpy.codec.http2.errors import ConnectionFailure, ErrorCode

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""What a client sends before its first frame. Source: RFC 9113, 3.4."""

HEAD_SIZE = 9
MIN_MAX_FRAME = 16_384
"""Bytes of payload that every peer takes. Source: RFC 9113, 4.2."""

DATA = 0
HEADERS = 1
PRIORITY = 2
RST_STREAM = 3
SETTINGS = 4
PUSH_PROMISE = 5
PING = 6
GOAWAY = 7
WINDOW_UPDATE = 8
CONTINUATION = 9
KINDS = 10
NAMES = (
    "DATA",
    "HEADERS",
    "PRIORITY",
    "RST_STREAM",
    "SETTINGS",
    "PUSH_PROMISE",
    "PING",
    "GOAWAY",
    "WINDOW_UPDATE",
    "CONTINUATION",
)

END_STREAM = 0x1
ACK = 0x1
END_HEADERS = 0x4
PADDED = 0x8
PRIORITIZED = 0x20

HEAD = Struct(">IBI")
"""Length (24 bits) and type, flags, stream: one unpack for the head of a frame."""
SETTING = Struct(">HI")
WORD = Struct(">I")
_GOAWAY_HEAD = Struct(">II")
STREAM_MASK = 0x7FFFFFFF

Take = Callable[[int, int, bytes, int, int], None]
"""What is done with a frame: its flags, its stream, and where in the bytes its payload is."""


class FrameReader:
    """Cuts frames. `take` has a function for each known type, and one more for all others."""

    __slots__ = ("_have", "_max_frame", "_need", "_pieces", "take")

    def __init__(self, take: Sequence[Take], max_frame: int) -> None:
        assert len(take) == KINDS + 1
        self.take = take
        self._max_frame = max_frame
        self._pieces: list[bytes] = []
        self._have = 0
        self._need = HEAD_SIZE

    def __repr__(self) -> str:
        return f"<FrameReader has {self._have} of {self._need} bytes>"

    def feed(self, data: bytes) -> None:
        """Hand over every frame that is whole by now; keep the rest.

        Raises: ConnectionFailure for a frame too large, and whatever `take` raises.
        """
        if self._have:
            joined = self._join(data)
            if joined is None:
                return
            data = joined
        at = 0
        end = len(data)
        unpack = HEAD.unpack_from
        while end - at >= HEAD_SIZE:
            head, flags, stream = unpack(data, at)
            length = head >> 8
            if length > self._max_frame:
                raise ConnectionFailure(
                    ErrorCode.FRAME_SIZE_ERROR,
                    f"a frame of {length} bytes, where {self._max_frame} are allowed",
                )
            start = at + HEAD_SIZE
            stop = start + length
            if stop > end:
                break
            kind = head & 0xFF
            self.take[kind if kind < KINDS else KINDS](
                flags, stream & STREAM_MASK, data, start, stop
            )
            at = stop
        if at < end:
            self._keep(data[at:] if at else data)

    def _keep(self, rest: bytes) -> None:
        self._pieces = [rest]
        self._have = len(rest)
        self._need = HEAD_SIZE
        if self._have >= HEAD_SIZE:
            self._need += HEAD.unpack_from(rest)[0] >> 8

    def _join(self, data: bytes) -> bytes | None:
        """All bytes kept and `data`, once they hold a frame; pieces are joined only then."""
        self._pieces.append(data)
        self._have += len(data)
        if self._have < self._need:
            return None
        joined = b"".join(self._pieces)
        self._pieces = []
        self._have = 0
        return joined


def head(length: int, kind: int, flags: int, stream: int) -> bytes:
    """The head of a frame."""
    return HEAD.pack(length << 8 | kind, flags, stream)


def header_frames(block: bytes, stream: int, max_frame: int, *, end: bool) -> list[bytes]:
    """HEADERS, and CONTINUATION as far as the peer's frames are too small for the block."""
    flags = END_STREAM if end else 0
    size = len(block)
    if size <= max_frame:
        return [head(size, HEADERS, flags | END_HEADERS, stream), block]
    parts = [head(max_frame, HEADERS, flags, stream), block[:max_frame]]
    for at in range(max_frame, size, max_frame):
        part = block[at : at + max_frame]
        last = END_HEADERS if at + max_frame >= size else 0
        parts += (head(len(part), CONTINUATION, last, stream), part)
    return parts


def settings(pairs: Iterable[tuple[int, int]]) -> bytes:
    """SETTINGS with these identifiers and values."""
    payload = b"".join([SETTING.pack(identifier, value) for identifier, value in pairs])
    return head(len(payload), SETTINGS, 0, 0) + payload


SETTINGS_ACK = head(0, SETTINGS, ACK, 0)


def ping(payload: bytes, *, ack: bool = False) -> bytes:
    """PING with its eight bytes."""
    return head(8, PING, ACK if ack else 0, 0) + payload


def rst_stream(stream: int, code: int) -> bytes:
    """RST_STREAM."""
    return head(4, RST_STREAM, 0, stream) + WORD.pack(code)


def goaway(last_stream: int, code: int, debug: bytes = b"") -> bytes:
    """GOAWAY; `debug` is for a person who looks at the other end."""
    payload = _GOAWAY_HEAD.pack(last_stream, code) + debug
    return head(len(payload), GOAWAY, 0, 0) + payload


def window_update(stream: int, increment: int) -> bytes:
    """WINDOW_UPDATE."""
    return head(4, WINDOW_UPDATE, 0, stream) + WORD.pack(increment)


def read_settings(data: bytes, start: int, stop: int) -> list[tuple[int, int]]:
    """Identifiers and values of a SETTINGS payload whose size is right."""
    return list(SETTING.iter_unpack(data[start:stop]))


def read_goaway(data: bytes, start: int, stop: int) -> tuple[int, int, bytes]:
    """Last stream, error code and debug data of a GOAWAY payload of eight bytes or more."""
    last, code = _GOAWAY_HEAD.unpack_from(data, start)
    return last & STREAM_MASK, code, data[start + 8 : stop]


def read_word(data: bytes, start: int) -> int:
    """A number of 32 bits."""
    return int(WORD.unpack_from(data, start)[0])


def unpadded(data: bytes, start: int, stop: int) -> tuple[int, int]:
    """Where the payload of a padded frame is.

    Raises: ConnectionFailure when there is less payload than padding.
    """
    if start == stop:
        raise ConnectionFailure(ErrorCode.FRAME_SIZE_ERROR, "a padded frame without its length")
    padding = data[start]
    if start + 1 + padding > stop:
        raise ConnectionFailure(ErrorCode.PROTOCOL_ERROR, "more padding than there is payload")
    return start + 1, stop - padding
