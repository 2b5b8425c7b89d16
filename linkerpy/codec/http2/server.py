"""The server's end of a connection: requests in, responses out.

Source: RFC 9113, sections 3.2 (of RFC 7540, h2c), 5.1.1, 5.1.2, 6.8 and 8; RFC 8441.
"""

from linkerpy.codec.body import EMPTY
from linkerpy.codec.http import HTTP_2, Request, Response
from linkerpy.codec.http2 import frames
from linkerpy.codec.http2.connection import Connection
from linkerpy.codec.http2.errors import (
    ConnectionFailure,
    ErrorCode,
    HeadTooLarge,
    Malformed,
    Misuse,
    StreamFailure,
)
from linkerpy.codec.http2.events import RequestReceived
from linkerpy.codec.http2.heads_write import response_block
from linkerpy.codec.http2.limits import Abuse, Limits
from linkerpy.codec.http2.settings import OurSettings
from linkerpy.codec.http2.states import BODY, DONE, HEADERS, HEADERS_END, INTERIM
from linkerpy.codec.http2.stream import Stream

_TOO_LARGE = response_block(Response(431, [(b"content-length", b"0")]))
_LAST = 2**31 - 1


class ServerConnection(Connection):
    """Begins with the client's preface. `out` has our settings from the start."""

    __slots__ = ("_acted", "_gap", "_last", "_refusing")

    def __init__(self, settings: OurSettings, limits: Limits) -> None:
        super().__init__(settings, limits, server=True, connect_protocol=settings.connect_protocol)
        self._last = 0
        self._acted = 0
        """The last stream that was not refused for a GOAWAY."""
        self._gap = (0, 0)
        """Between which numbers the client has skipped some, last."""
        self._refusing = False

    def upgrade(self, request: Request, settings: bytes) -> Stream:
        """The stream of a request that came by HTTP/1.1 and asked for h2c.

        Called before anything is received; `settings` is what `HTTP2-Settings` had, decoded. The
        body of the request has come by HTTP/1.1, too. Source: RFC 7540, 3.2.

        Raises: Misuse later; ConnectionFailure for settings that cannot be.
        """
        if self._last or len(self._preface) != len(frames.PREFACE):
            raise Misuse("an upgrade of a connection in use")
        if len(settings) % 6 or len(settings) > self._limits.max_settings * 6:
            raise ConnectionFailure(ErrorCode.PROTOCOL_ERROR, "`HTTP2-Settings` are no settings")
        self._apply(settings)
        stream = self._opened(1, request.method)
        stream.receiving = DONE
        return stream

    def send_head(self, stream: Stream, response: Response, end: bool = False) -> None:
        """Send the head of the response; with `end` it has no body.

        Raises: Misuse for a second one; UnwritableHead.
        """
        if stream.error is not None:
            return
        block = response_block(response, describes=stream.method == b"HEAD")
        self._move(stream, HEADERS_END if end else HEADERS)
        self._write_block(stream.id, block, end)
        if end:
            self._sent_end(stream)

    def send_interim(self, stream: Stream, response: Response) -> None:
        """Send a 1xx response.

        Raises: Misuse behind the head; UnwritableHead.
        """
        if stream.error is not None:
            return
        if not 100 <= response.status < 200 or response.status == 101:
            raise Misuse(f"{response!r} is not interim")
        block = response_block(response)
        self._move(stream, INTERIM)
        self._write_block(stream.id, block, False)

    def drain(self) -> None:
        """Announce that the connection ends soon.

        What is under way is still taken; call `goaway` a round trip later. Source: RFC 9113, 6.8.
        """
        self.out.append(frames.goaway(_LAST, ErrorCode.NO_ERROR))

    def goaway(self, code: int = ErrorCode.NO_ERROR, debug: bytes = b"") -> None:
        """As `Connection.goaway`; streams opened from here on are refused."""
        if not self._refusing:
            self._refusing = True
            self._acted = self._last
        super().goaway(code, debug)

    def _last_taken(self) -> int:
        return self._acted

    def _of_server(self) -> bool:
        return False

    def _idle(self, number: int) -> bool:
        return number > self._last or not number & 1

    def _unanswered(self) -> None:
        self._spend(Abuse.RESETS)

    def _opened(self, number: int, method: bytes) -> Stream:
        self._last = number
        self.opened += 1
        stream = Stream(number, method, self.peer.window, self._stream_window())
        self.streams[number] = stream
        return stream

    def _head_without_stream(self, number: int, block: bytes, end: bool) -> None:
        last = self._last
        if number <= last or not number & 1:
            self._late(number, block)
            return
        if number > last + 2:
            self._gap = (last, number)
        if self._refusing or len(self.streams) >= self._settings.max_streams:
            self._last = number
            self._heads.skip(block)
            self._refuse(number, ErrorCode.REFUSED_STREAM)
            return
        try:
            self._request(number, block, end)
        except HeadTooLarge:
            self._last = number
            self._write_block(number, _TOO_LARGE, True)
            self._refuse(number, ErrorCode.NO_ERROR)
        except StreamFailure as failure:
            self._last = number
            self._refuse(number, failure.code)

    def _request(self, number: int, block: bytes, end: bool) -> None:
        method, uri, fields, scheme, protocol, length = self._heads.request(block)
        if end and length > 0:
            raise Malformed("no body, where `content-length` says there is one")
        stream = self._opened(number, method)
        stream.left = length
        stream.receiving = DONE if end else BODY
        request = Request(method, uri, fields, EMPTY, HTTP_2, scheme, protocol)
        declared = None if length < 0 else length
        self._events.append(RequestReceived(stream, request, end, declared))

    def _late(self, number: int, block: bytes) -> None:
        """A head on a stream that is over, or never may be."""
        self._heads.skip(block)
        low, high = self._gap
        if low < number < high:
            raise ConnectionFailure(
                ErrorCode.PROTOCOL_ERROR, f"HEADERS on stream {number}, behind a later one"
            )
        self._stray(number, "HEADERS")

    def _refuse(self, number: int, code: int) -> None:
        self._write_reset(number, code)
        self._unanswered()
