"""What both ends of a connection do with what they receive: windows, bodies, small frames.

Frames come from the reader through a table, one function for each type. Before the first SETTINGS,
and while a header block is under way, other tables let only those through that may come then.

A peer's fault either ends a stream (`_break`: it is told, the user hears of it, and it counts as
abuse) or raises ConnectionFailure, which ends the connection.

Two windows, two rules. A stream's is opened again as its bytes are consumed, so a slow consumer
holds its own stream back. The connection's is opened as bytes come, so that no stream waits for
another; unless more is held on all streams together than a limit allows.

Source: RFC 9113, sections 5.2, 5.4, 6 and 6.9.
"""

from linkerpy.codec.body import Body
from linkerpy.codec.http2 import frames
from linkerpy.codec.http2.errors import (
    ConnectionFailure,
    ErrorCode,
    Malformed,
    StreamFailure,
    StreamReset,
)
from linkerpy.codec.http2.events import (
    DataReceived,
    Event,
    PingAcknowledged,
    RequestReceived,
    ResponseReceived,
    StreamDrained,
    StreamFailed,
)
from linkerpy.codec.http2.frames import ACK, END_STREAM, PADDED, read_word, unpadded
from linkerpy.codec.http2.limits import Abuse, Counters, Limits
from linkerpy.codec.http2.outbound import Outbound
from linkerpy.codec.http2.settings import DEFAULT_WINDOW, MAX_WINDOW, OurSettings
from linkerpy.codec.http2.states import DATA, DATA_END, DONE, RECEIVING, WRONG
from linkerpy.codec.http2.stream import Stream


class Inbound(Outbound):
    """Takes the frames that mean the same at both ends. Windows in bytes."""

    __slots__ = (
        "_due",
        "_due_at",
        "_events",
        "_now",
        "_stream_due_at",
        "_unacknowledged",
        "_window_in",
        "counters",
        "opened",
    )

    def __init__(self, settings: OurSettings, limits: Limits) -> None:
        super().__init__(settings, limits)
        self._events: list[Event] = []
        self._now = 0.0
        self.counters = Counters(limits.allowances)
        self.opened = 0
        """Streams, since the connection began."""
        whole = max(settings.connection_window, DEFAULT_WINDOW)
        self._window_in = whole
        self._due = 0
        """What the peer has used of the connection's window and not been given back."""
        spent = 1 - settings.update_ratio
        self._due_at = max(1, int(whole * spent))
        self._stream_due_at = max(1, int(settings.window * spent))
        self._unacknowledged = True

    def consumed(self, stream: Stream, size: int) -> None:
        """So many bytes of what `DataReceived` brought are done with: the peer may send more."""
        size = min(size, stream.held)
        stream.held -= size
        self._held -= size
        if stream.receiving != DONE and stream.error is None:
            self._give_back(stream, size)
        if self._due >= self._due_at:
            self._give_back_all()

    def _stream_window(self) -> int:
        """Of a new stream: the peer may not know our settings yet."""
        window = self._settings.window
        return max(window, DEFAULT_WINDOW) if self._unacknowledged else window

    def _give_back(self, stream: Stream, size: int) -> None:
        stream.credit += size
        if stream.credit >= self._stream_due_at:
            self.out.append(frames.window_update(stream.id, stream.credit))
            stream.window_in += stream.credit
            stream.credit = 0

    def _give_back_all(self) -> None:
        """Open the connection's window again, unless too much is held already."""
        if self._held <= self._limits.max_held:
            self.out.append(frames.window_update(0, self._due))
            self._window_in += self._due
            self._due = 0

    def _spend(self, kind: Abuse) -> None:
        self.counters.spend(kind, self._now, self.opened, self.sent)

    # Bodies

    def _on_data(self, flags: int, number: int, data: bytes, start: int, stop: int) -> None:
        size = stop - start
        self._window_in -= size
        if self._window_in < 0:
            raise ConnectionFailure(ErrorCode.FLOW_CONTROL_ERROR, "more data than the window takes")
        self._due += size
        stream = self.streams.get(number)
        if stream is None:
            if flags & PADDED:
                unpadded(data, start, stop)
            self._stray(number, "DATA")
        else:
            stream.window_in -= size
            if flags & PADDED:
                start, stop = unpadded(data, start, stop)
            self._body(stream, data[start:stop], bool(flags & END_STREAM), size - (stop - start))
        if self._due >= self._due_at:
            self._give_back_all()

    def _body(self, stream: Stream, data: bytes, end: bool, padding: int) -> None:
        wrong = self._wrong_data(stream, len(data), end)
        if wrong is not None:
            self._break(stream, wrong)
            return
        if end:
            self._received_end(stream)
            if self._complete(stream, data):
                return
        elif not data:
            self._spend(Abuse.EMPTY)
            self._give_back(stream, padding)
            return
        elif padding:
            self._give_back(stream, padding)
        size = len(data)
        stream.held += size
        self._held += size
        self._events.append(DataReceived(stream, data, end))

    def _wrong_data(self, stream: Stream, size: int, end: bool) -> StreamFailure | None:
        """What is wrong with so many bytes of data, or None; moves the stream on if nothing is."""
        after = RECEIVING[stream.receiving][DATA_END if end else DATA]
        if after < 0:
            return StreamFailure(*WRONG[after])
        if stream.window_in < 0:
            return StreamFailure(ErrorCode.FLOW_CONTROL_ERROR, "more data than the window takes")
        if stream.left >= 0:
            stream.left -= size
            if stream.left < 0 or (end and stream.left):
                return Malformed("the body is not as long as `content-length` says")
        stream.receiving = after
        return None

    def _complete(self, stream: Stream, data: bytes) -> bool:
        """Put a body that came whole behind its head into the message; whether it is so."""
        last = self._events[-1] if self._events else None
        if isinstance(last, RequestReceived) and last.stream is stream:
            if data:
                last.request.body = Body(data)
            last.ended = True
            return True
        if isinstance(last, ResponseReceived) and last.stream is stream:
            if data:
                last.response.body = Body(data)
            last.ended = True
            return True
        return False

    def _received_end(self, stream: Stream) -> None:
        if stream.sending == DONE and not stream.unsent:
            del self.streams[stream.id]

    # Streams that end before their time

    def _break(self, stream: Stream, error: StreamFailure) -> None:
        """End a stream by the peer's fault."""
        answered = stream.answered
        self._reset(stream, error)
        self._events.append(StreamFailed(stream, error))
        if not answered:
            self._unanswered()

    def _unanswered(self) -> None:
        """A stream ended for nothing; a server has had the work, and counts."""

    def _stray(self, number: int, what: str) -> None:
        """A frame on a stream that is not open: under way if we have reset the stream.

        Raises: ConnectionFailure for a stream that nobody has reset.
        """
        self._idle_is_wrong(number, what)
        ours = self._resets.get(number)
        if ours is None:
            raise ConnectionFailure(
                ErrorCode.STREAM_CLOSED, f"{what} on stream {number}, which is closed"
            )
        self._spend(Abuse.IDLE)
        if not ours:
            self.out.append(frames.rst_stream(number, ErrorCode.STREAM_CLOSED))

    def _idle_is_wrong(self, number: int, what: str) -> None:
        """Raises: ConnectionFailure for a stream that does not exist yet, or never can."""
        if number == 0 or self._idle(number):
            raise ConnectionFailure(
                ErrorCode.PROTOCOL_ERROR, f"{what} on stream {number}, which is not open yet"
            )

    def _idle(self, number: int) -> bool:
        """Whether nobody has opened the stream so far."""
        raise NotImplementedError

    def _on_rst_stream(self, _flags: int, number: int, data: bytes, start: int, stop: int) -> None:
        must_have(stop - start == 4, "RST_STREAM", stop - start)
        self._idle_is_wrong(number, "RST_STREAM")
        stream = self.streams.get(number)
        if stream is None:
            self._spend(Abuse.IDLE)
            return
        code = read_word(data, start)
        answered = stream.answered
        error = StreamReset(
            code, "the peer reset the stream", processed=code != ErrorCode.REFUSED_STREAM
        )
        self._drop(stream, error)
        self._remember_reset(number, ours=False)
        self._events.append(StreamFailed(stream, error))
        if not answered:
            self._unanswered()

    # Windows

    def _on_window_update(
        self, _flags: int, number: int, data: bytes, start: int, stop: int
    ) -> None:
        must_have(stop - start == 4, "WINDOW_UPDATE", stop - start)
        self._spend(Abuse.UPDATES)
        more = read_word(data, start) & frames.STREAM_MASK
        if number == 0:
            self._open_connection(more)
            return
        self._idle_is_wrong(number, "WINDOW_UPDATE")
        stream = self.streams.get(number)
        if stream is None:
            return
        if not more:
            self._break(stream, Malformed("a WINDOW_UPDATE by nothing"))
        elif stream.window + more > MAX_WINDOW:
            self._break(stream, StreamFailure(ErrorCode.FLOW_CONTROL_ERROR, "a window too large"))
        else:
            stream.window += more
            self._push_on(stream)

    def _open_connection(self, more: int) -> None:
        if not more:
            raise ConnectionFailure(ErrorCode.PROTOCOL_ERROR, "a WINDOW_UPDATE by nothing")
        self.window += more
        if self.window > MAX_WINDOW:
            raise ConnectionFailure(ErrorCode.FLOW_CONTROL_ERROR, "a window too large")
        if self._waiting:
            self._events += [StreamDrained(stream) for stream in self._push_waiting()]

    def _push_on(self, stream: Stream) -> None:
        if stream.unsent:
            self._push(stream)
            if not stream.unsent:
                self._events.append(StreamDrained(stream))

    # Small frames

    def _on_ping(self, flags: int, number: int, data: bytes, start: int, stop: int) -> None:
        must_be_of_connection(number, "PING")
        must_have(stop - start == 8, "PING", stop - start)
        if flags & ACK:
            self._events.append(PingAcknowledged(data[start:stop]))
        else:
            self._spend(Abuse.PINGS)
            self.out.append(frames.ping(data[start:stop], ack=True))

    def _on_priority(self, _flags: int, number: int, data: bytes, start: int, stop: int) -> None:
        """Read for what must not be, and ignored. Source: RFC 9113, 5.3.2; RFC 7540, 5.3.1."""
        must_have(stop - start == 5, "PRIORITY", stop - start)
        if number == 0 or read_word(data, start) & frames.STREAM_MASK == number:
            raise ConnectionFailure(
                ErrorCode.PROTOCOL_ERROR, f"PRIORITY of stream {number}, depending on itself"
            )
        self._spend(Abuse.IDLE)

    def _on_unknown(self, _flags: int, _number: int, _data: bytes, _start: int, _stop: int) -> None:
        """Extensions are ignored. Source: RFC 9113, 5.5."""
        self._spend(Abuse.IDLE)


def must_have(good: bool, what: str, size: int) -> None:
    """Raises: ConnectionFailure for a frame whose size is not `good`."""
    if not good:
        raise ConnectionFailure(ErrorCode.FRAME_SIZE_ERROR, f"{what} of {size} bytes")


def must_be_of_connection(number: int, what: str) -> None:
    """Raises: ConnectionFailure for a frame on a stream that belongs on none."""
    if number:
        raise ConnectionFailure(ErrorCode.PROTOCOL_ERROR, f"{what} on stream {number}")
