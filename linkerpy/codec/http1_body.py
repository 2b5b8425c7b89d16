"""Cutters: each takes the bytes behind a head and finds where the body in them ends.

`cut(data, start)` writes what belongs to the body into it and returns how far it got. `done` tells
that the body is over and that what follows is the next message; otherwise the bytes it left are an
incomplete line, to be brought again with what comes next. `eof` is the end of the connection.

Source: RFC 9112, sections 6.3, 7.1 and 8.
"""

import re
from typing import Protocol

from linkerpy.codec.body import Stream
from linkerpy.codec.http1_errors import BadChunk, HeadersTooLarge, Truncated, has_bare_line_end
from linkerpy.codec.http1_head import read_lines

_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})(;[\t\x20-\x7e\x80-\xff]*)?\r\n")
_CHUNK_LINE_SO_FAR = re.compile(rb"(?:[0-9A-Fa-f]{1,16}(?:;[\t\x20-\x7e\x80-\xff]*)?\r?)?")


class Cutter(Protocol):
    """What ends one kind of body."""

    body: Stream
    done: bool

    def cut(self, data: bytes, start: int) -> int:
        """Take what belongs to the body; returns where that ends. Raises: Http1Error."""

    def eof(self) -> None:
        """The connection ended. Raises: Truncated when the body had not."""


class Sized:
    """A body of known length."""

    __slots__ = ("_left", "body", "done")

    def __init__(self, body: Stream, length: int) -> None:
        self.body = body
        self.done = False
        self._left = length

    def cut(self, data: bytes, start: int) -> int:
        """Take up to the declared length."""
        piece = data[start : start + self._left]
        self._left -= len(piece)
        self.body.write(piece)
        if self._left == 0:
            self.done = True
            self.body.end()
        return start + len(piece)

    def eof(self) -> None:
        """Bytes are missing."""
        raise Truncated(f"the connection ended {self._left} bytes before the end of the body")


class UntilClose:
    """A body that only the end of the connection ends."""

    __slots__ = ("body", "done")

    def __init__(self, body: Stream) -> None:
        self.body = body
        self.done = False

    def cut(self, data: bytes, start: int) -> int:
        """Take everything."""
        self.body.write(data[start:])
        return len(data)

    def eof(self) -> None:
        """The proper end."""
        self.done = True
        self.body.end()


class Chunked:
    """A body in chunks, each behind a line with its size, and trailer fields behind the last.

    Chunk extensions are dropped; `room` is how many bytes of them, and how many of trailers, a
    body may carry.
    """

    __slots__ = ("_extension_room", "_left", "_room", "_step", "body", "done")

    def __init__(self, body: Stream, room: int) -> None:
        self.body = body
        self.done = False
        self._left = 0
        self._room = self._extension_room = room
        self._step = Chunked._size

    def cut(self, data: bytes, start: int) -> int:
        """Take whole lines, and of chunk data whatever is there."""
        while not self.done:
            stop = self._step(self, data, start)
            if stop < 0:
                return start
            start = stop
        return start

    def eof(self) -> None:
        """The last chunk is missing."""
        raise Truncated("the connection ended before the last chunk of the body")

    # A step returns how far it got, or -1 if it needs more than there is.

    def _size(self, data: bytes, start: int) -> int:
        line = _CHUNK_LINE.match(data, start)
        if line is None:
            if data.find(b"\r\n", start) >= 0 or not _CHUNK_LINE_SO_FAR.fullmatch(data, start):
                raise BadChunk("a chunk does not begin with a line that holds its size")
            if len(data) - start > self._extension_room + 20:
                raise BadChunk(f"chunk extensions longer than {self._room} bytes")
            return -1
        if line[2]:
            self._extension_room -= len(line[2])
            if self._extension_room < 0:
                raise BadChunk(f"chunk extensions longer than {self._room} bytes")
        self._left = int(line[1], 16)
        self._step = Chunked._data if self._left else Chunked._trailers
        return line.end()

    def _data(self, data: bytes, start: int) -> int:
        if start == len(data):
            return -1
        piece = data[start : start + self._left]
        self._left -= len(piece)
        if self._left == 0:
            self._step = Chunked._data_end
        self.body.write(piece)
        return start + len(piece)

    def _data_end(self, data: bytes, start: int) -> int:
        found = data[start : start + 2]
        if found == b"\r\n":
            self._step = Chunked._size
            return start + 2
        if found not in (b"", b"\r"):
            raise BadChunk("a chunk is longer than its size says")
        return -1

    def _trailers(self, data: bytes, start: int) -> int:
        if data.startswith(b"\r\n", start):
            self.done = True
            self.body.end()
            return start + 2
        end = data.find(b"\r\n\r\n", start)
        size = len(data) - start - 3 if end < 0 else end + 2 - start
        if size > self._room:
            raise HeadersTooLarge(f"trailers larger than {self._room} bytes")
        if end < 0:
            if has_bare_line_end(data, start):
                raise BadChunk("a trailer line does not end in CRLF")
            return -1
        trailers = read_lines(data[start : end + 4])
        self.done = True
        self.body.end(trailers)
        return end + 4
