"""A connection: what both ends share beyond sending and receiving bodies.

That is its beginning, settings, header blocks (which come in pieces, and must all be decoded), and
its end. `server` and `client` say what a header block means to each.

Source: RFC 9113, sections 3.4, 4.3, 5.4.1, 6.5, 6.8 and 6.10; RFC 7540, 5.3.1.
"""

from linkerpy.codec.http2 import frames
from linkerpy.codec.http2.errors import (
    ConnectionFailure,
    ErrorCode,
    Http2Error,
    Malformed,
    StreamFailure,
)
from linkerpy.codec.http2.events import (
    ConnectionFailed,
    Event,
    GoawayReceived,
    SettingsAcknowledged,
    SettingsReceived,
    StreamFailed,
    TrailersReceived,
)
from linkerpy.codec.http2.frames import (
    ACK,
    END_HEADERS,
    END_STREAM,
    PADDED,
    PRIORITIZED,
    FrameReader,
    Take,
    read_word,
    unpadded,
)
from linkerpy.codec.http2.heads import HeadReader
from linkerpy.codec.http2.hpack_decode import Decoder
from linkerpy.codec.http2.inbound import Inbound, must_be_of_connection, must_have
from linkerpy.codec.http2.limits import Abuse, Limits
from linkerpy.codec.http2.outbound import LARGEST_SENT
from linkerpy.codec.http2.settings import DEFAULT_TABLE, DEFAULT_WINDOW, MAX_WINDOW, OurSettings
from linkerpy.codec.http2.states import DONE, HEADERS, HEADERS_END, RECEIVING, WRONG
from linkerpy.codec.http2.stream import Stream


class Connection(Inbound):
    """Use `server.ServerConnection` or `client.ClientConnection`."""

    __slots__ = (
        "_block",
        "_block_end",
        "_block_size",
        "_block_stream",
        "_block_wrong",
        "_heads",
        "_preface",
        "_reader",
        "_table",
        "failure",
        "goaway_received",
    )

    def __init__(
        self, settings: OurSettings, limits: Limits, *, server: bool, connect_protocol: bool
    ) -> None:
        super().__init__(settings, limits)
        self.failure: Http2Error | None = None
        """Why the connection is over; nothing is received or sent from then on."""
        self.goaway_received = False
        self._preface = frames.PREFACE if server else b""
        self._heads = HeadReader(
            Decoder(DEFAULT_TABLE), settings.max_header_list, connect_protocol=connect_protocol
        )
        self._table = self._takers()
        take: list[Take] = [self._before_settings] * len(self._table)
        take[frames.SETTINGS] = self._first_settings
        self._reader = FrameReader(take, settings.max_frame)
        self._block: list[bytes] = []
        self._block_size = self._block_stream = 0
        self._block_end = self._block_wrong = False
        self.out.append(frames.settings(settings.pairs(server=server)))
        if settings.connection_window > DEFAULT_WINDOW:
            more = settings.connection_window - DEFAULT_WINDOW
            self.out.append(frames.window_update(0, more))

    def __repr__(self) -> str:
        state = f"failed: {self.failure}" if self.failure else f"{len(self.streams)} streams"
        return f"<{type(self).__name__} {state}, {self.counters!r}>"

    def _takers(self) -> list[Take]:
        """What is done with each type of frame, unknown ones last."""
        return [
            self._on_data,
            self._on_headers,
            self._on_priority,
            self._on_rst_stream,
            self._on_settings,
            self._on_push_promise,
            self._on_ping,
            self._on_goaway,
            self._on_window_update,
            self._on_continuation,
            self._on_unknown,
        ]

    def receive(self, data: bytes, now: float = 0.0) -> list[Event]:
        """Take what was read; what it means. `now` is in seconds, of any clock that goes forward.

        Errors come as events, behind what came before them. Look at `out` afterwards, always.
        """
        if self.failure is not None:
            return []
        self._now = now
        try:
            self._reader.feed(self._past_preface(data) if self._preface else data)
        except ConnectionFailure as failure:
            self._fail(failure)
        events = self._events
        self._events = []
        return events

    def _past_preface(self, data: bytes) -> bytes:
        """What follows the preface, which begins or goes on in `data`."""
        preface = self._preface
        size = min(len(preface), len(data))
        if data[:size] != preface[:size]:
            raise ConnectionFailure(ErrorCode.PROTOCOL_ERROR, "what comes is not HTTP/2")
        self._preface = preface[size:]
        return data[size:]

    def lost(self, error: ConnectionFailure) -> list[Event]:
        """The connection is gone: what becomes of its streams."""
        if self.failure is None:
            self._end(error)
        events = self._events
        self._events = []
        return events

    def goaway(self, code: int = ErrorCode.NO_ERROR, debug: bytes = b"") -> None:
        """Take no new streams from here on; those open may end. `debug` is for a person."""
        self.out.append(frames.goaway(self._last_taken(), code, debug))

    def _last_taken(self) -> int:
        """The last stream of the peer that was acted on."""
        raise NotImplementedError

    def _fail(self, failure: ConnectionFailure) -> None:
        self.goaway(failure.code, failure.reason.encode())
        self._end(failure)
        self._events.append(ConnectionFailed(failure))

    def _end(self, error: ConnectionFailure) -> None:
        self.failure = error
        for stream in list(self.streams.values()):
            broken = StreamFailure(error.code, error.reason)
            self._drop(stream, broken)
            self._events.append(StreamFailed(stream, broken))
        self._reader.take = self._table = []  # they know this connection
        self._block = []

    # Settings

    def _before_settings(self, _f: int, _n: int, _data: bytes, _start: int, _stop: int) -> None:
        raise ConnectionFailure(
            ErrorCode.PROTOCOL_ERROR, "the connection does not begin with SETTINGS"
        )

    def _first_settings(self, flags: int, number: int, data: bytes, start: int, stop: int) -> None:
        if flags & ACK:
            self._before_settings(flags, number, data, start, stop)
        self._reader.take = self._table
        self._on_settings(flags, number, data, start, stop)

    def _on_settings(self, flags: int, number: int, data: bytes, start: int, stop: int) -> None:
        size = stop - start
        must_be_of_connection(number, "SETTINGS")
        must_have(not (size if flags & ACK else size % 6), "SETTINGS", size)
        if flags & ACK:
            if self._unacknowledged:
                self._unacknowledged = False
                self._heads.limit_table(self._settings.header_table)
                self._events.append(SettingsAcknowledged())
            return
        self._spend(Abuse.SETTINGS)
        if size > self._limits.max_settings * 6:
            raise ConnectionFailure(ErrorCode.ENHANCE_YOUR_CALM, "too many settings in a frame")
        self._apply(data[start:stop])
        self.out.append(frames.SETTINGS_ACK)  # before anything is sent that they allow
        self._events.append(SettingsReceived())
        self._push_all()

    def _apply(self, payload: bytes) -> None:
        before = self.peer.window
        self.peer.begin()
        for identifier, value in frames.read_settings(payload, 0, len(payload)):
            self.peer.take(identifier, value, from_server=self._of_server())
        self._max_data = min(self.peer.max_frame, LARGEST_SENT)
        more = self.peer.window - before
        if more:
            for stream in self.streams.values():
                stream.window += more
                if stream.window > MAX_WINDOW:
                    raise ConnectionFailure(ErrorCode.FLOW_CONTROL_ERROR, "a window too large")

    def _of_server(self) -> bool:
        """Whether the peer is the server."""
        raise NotImplementedError

    def _push_all(self) -> None:
        for stream in [stream for stream in self.streams.values() if stream.unsent]:
            self._push_on(stream)

    # Header blocks

    def _on_headers(self, flags: int, number: int, data: bytes, start: int, stop: int) -> None:
        if number == 0:
            raise ConnectionFailure(ErrorCode.PROTOCOL_ERROR, "HEADERS on stream 0")
        wrong = False
        if flags & (PADDED | PRIORITIZED):
            if flags & PADDED:
                start, stop = unpadded(data, start, stop)
            if flags & PRIORITIZED:
                must_have(stop - start >= 5, "HEADERS with a priority", stop - start)
                wrong = read_word(data, start) & frames.STREAM_MASK == number
                start += 5
        end = bool(flags & END_STREAM)
        if flags & END_HEADERS:
            self._whole_block(number, data[start:stop], end, wrong)
            return
        self._block = [data[start:stop]]
        self._block_size = stop - start
        self._block_stream, self._block_end, self._block_wrong = number, end, wrong
        take: list[Take] = [self._within_block] * len(self._table)
        take[frames.CONTINUATION] = self._continue
        self._reader.take = take

    def _within_block(self, _f: int, _n: int, _data: bytes, _start: int, _stop: int) -> None:
        raise ConnectionFailure(ErrorCode.PROTOCOL_ERROR, "another frame within a header block")

    def _continue(self, flags: int, number: int, data: bytes, start: int, stop: int) -> None:
        if number != self._block_stream:
            self._within_block(flags, number, data, start, stop)
        if start == stop and not flags & END_HEADERS:
            self._spend(Abuse.EMPTY)
        self._block.append(data[start:stop])
        self._block_size += stop - start
        limits = self._limits
        many = len(self._block) > limits.max_continuations + 1
        if many or self._block_size > limits.max_header_block:
            raise ConnectionFailure(ErrorCode.ENHANCE_YOUR_CALM, "a header block too large")
        if flags & END_HEADERS:
            self._reader.take = self._table
            block = b"".join(self._block)
            self._block = []
            self._whole_block(number, block, self._block_end, self._block_wrong)

    def _on_continuation(self, _f: int, number: int, _data: bytes, _start: int, _stop: int) -> None:
        raise ConnectionFailure(
            ErrorCode.PROTOCOL_ERROR, f"CONTINUATION on stream {number} without HEADERS"
        )

    def _whole_block(self, number: int, block: bytes, end: bool, wrong: bool) -> None:
        """A header block; it is `wrong` if its priority makes its stream depend on itself."""
        stream = self.streams.get(number)
        if wrong:
            self._depends_on_itself(stream, block)
        elif stream is None:
            self._head_without_stream(number, block, end)
        elif stream.receiving:
            self._behind_head(stream, block, end)
        else:
            self._head(stream, block, end)

    def _depends_on_itself(self, stream: Stream | None, block: bytes) -> None:
        self._heads.skip(block)
        error = Malformed("a stream that depends on itself")
        if stream is None:
            raise ConnectionFailure(error.code, error.reason)
        self._break(stream, error)

    def _head_without_stream(self, number: int, block: bytes, end: bool) -> None:
        """A block on a stream that is not open."""
        raise NotImplementedError

    def _head(self, stream: Stream, block: bytes, end: bool) -> None:
        """The head that an open stream waits for."""
        raise NotImplementedError

    def _behind_head(self, stream: Stream, block: bytes, end: bool) -> None:
        after = RECEIVING[stream.receiving][HEADERS_END if end else HEADERS]
        if after < 0:
            self._heads.skip(block)
            self._break(stream, StreamFailure(*WRONG[after]))
            return
        try:
            trailers = self._heads.trailers(block)
        except StreamFailure as failure:
            self._break(stream, failure)
            return
        if stream.left > 0:
            self._break(stream, Malformed("the body is not as long as `content-length` says"))
            return
        stream.receiving = DONE
        self._received_end(stream)
        self._events.append(TrailersReceived(stream, trailers))

    # The end

    def _on_push_promise(
        self, _f: int, _number: int, _data: bytes, _start: int, _stop: int
    ) -> None:
        raise ConnectionFailure(ErrorCode.PROTOCOL_ERROR, "PUSH_PROMISE, which nobody allowed")

    def _on_goaway(self, _flags: int, number: int, data: bytes, start: int, stop: int) -> None:
        must_be_of_connection(number, "GOAWAY")
        must_have(stop - start >= 8, "GOAWAY", stop - start)
        self._spend(Abuse.SETTINGS)
        last, code, debug = frames.read_goaway(data, start, stop)
        self.goaway_received = True
        self._left_out(last)
        self._events.append(GoawayReceived(last, code, debug))

    def _left_out(self, last: int) -> None:
        """The peer has not acted, and will not, on streams of ours above `last`."""
