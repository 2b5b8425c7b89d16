"""The client's end of a connection: requests out, responses in.

Source: RFC 9113, sections 5.1.1, 5.1.2, 6.8 and 8; RFC 8441.
"""

from linkerpy.codec.body import EMPTY
from linkerpy.codec.http import HTTP_2, Request, Response
from linkerpy.codec.http2 import frames
from linkerpy.codec.http2.connection import Connection
from linkerpy.codec.http2.errors import (
    ErrorCode,
    Malformed,
    Misuse,
    StreamFailure,
    StreamReset,
)
from linkerpy.codec.http2.events import InterimReceived, ResponseReceived, StreamFailed
from linkerpy.codec.http2.heads_write import request_block
from linkerpy.codec.http2.limits import Abuse, Limits
from linkerpy.codec.http2.settings import OurSettings
from linkerpy.codec.http2.states import (
    BODY,
    DONE,
    HEADERS,
    HEADERS_END,
    INTERIM,
    INTERIM_END,
    RECEIVING,
    WRONG,
)
from linkerpy.codec.http2.stream import Stream

_LAST = 2**31 - 1
_MOVES = (HEADERS, HEADERS_END)
_INTERIM_MOVES = (INTERIM, INTERIM_END)
_BODILESS = frozenset((204, 304))


class ClientConnection(Connection):
    """`out` has the preface and our settings from the start; streams may be opened at once."""

    __slots__ = ("_next",)

    def __init__(self, settings: OurSettings, limits: Limits) -> None:
        super().__init__(settings, limits, server=False, connect_protocol=False)
        self.out.insert(0, frames.PREFACE)
        self._next = 1

    @property
    def room(self) -> int:
        """How many more streams may be opened now."""
        if self.goaway_received or self.failure is not None:
            return 0
        left = (_LAST - self._next) // 2 + 1
        return max(0, min(left, self.peer.max_streams - len(self.streams)))

    def open(self, request: Request, end: bool = False) -> Stream:
        """Send the head of a request on a new stream; with `end` it has no body.

        Raises: Misuse without `room`, or for a protocol that the server does not speak (or has not
        said so yet); UnwritableHead.
        """
        if self.room <= 0:
            raise Misuse("no room for another stream")
        if request.protocol is not None and not self.peer.connect_protocol:
            raise Misuse("the server does not take extended CONNECT")
        block = request_block(request)
        number = self._next
        self._next = number + 2
        self.opened += 1
        stream = Stream(number, request.method, self.peer.window, self._stream_window())
        stream.sending = DONE if end else BODY
        self.streams[number] = stream
        self._write_block(number, block, end)
        return stream

    def _last_taken(self) -> int:
        return 0  # servers open no streams: push is off

    def _of_server(self) -> bool:
        return True

    def _idle(self, number: int) -> bool:
        return number >= self._next or not number & 1

    def _head_without_stream(self, number: int, block: bytes, end: bool) -> None:
        self._heads.skip(block)
        self._stray(number, "HEADERS")

    def _head(self, stream: Stream, block: bytes, end: bool) -> None:
        try:
            self._response(stream, block, end)
        except StreamFailure as failure:
            self._break(stream, failure)

    def _response(self, stream: Stream, block: bytes, end: bool) -> None:
        status, fields, length = self._heads.response(block)
        interim = status < 200
        moves = _INTERIM_MOVES if interim else _MOVES
        after = RECEIVING[stream.receiving][moves[end]]
        if after < 0:
            raise StreamFailure(*WRONG[after])
        response = Response(status, fields, EMPTY, b"", HTTP_2)
        if interim:
            self._spend(Abuse.EMPTY)
            self._events.append(InterimReceived(stream, response))
            return
        if stream.method == b"HEAD" or status in _BODILESS:
            length = 0
        elif stream.method == b"CONNECT" and status < 300:
            length = -1  # a tunnel; RFC 9110, 9.3.6
        if end and length > 0:
            raise Malformed("no body, where `content-length` says there is one")
        stream.left = length
        stream.receiving = after
        if end:
            self._received_end(stream)
        declared = None if length < 0 else length
        self._events.append(ResponseReceived(stream, response, end, declared))

    def _left_out(self, last: int) -> None:
        for stream in [stream for stream in self.streams.values() if stream.id > last]:
            error = StreamReset(ErrorCode.REFUSED_STREAM, "the server goes away", processed=False)
            self._drop(stream, error)
            self._events.append(StreamFailed(stream, error))
