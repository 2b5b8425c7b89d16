"""What both ends of a connection do to send: frames into `out`, as far as the windows let them.

What the windows hold back waits with its stream, so that `send_data` never refuses; whoever sends
looks at `Stream.unsent` and stops his producer until `StreamDrained`. When the window of the
connection opens, the streams that wait for it take turns, a frame each.

Source: RFC 9113, sections 5.2, 6.1, 6.4 and 6.9.
"""

from collections import deque

from linkerpy.codec.body import Trailers
from linkerpy.codec.http2 import frames
from linkerpy.codec.http2.errors import ErrorCode, Misuse, StreamFailure
from linkerpy.codec.http2.frames import END_HEADERS, END_STREAM, HEAD, HEADERS
from linkerpy.codec.http2.heads_write import trailers_block
from linkerpy.codec.http2.hpack_encode import EMPTY_TABLE
from linkerpy.codec.http2.limits import Limits
from linkerpy.codec.http2.settings import DEFAULT_WINDOW, OurSettings, PeerSettings
from linkerpy.codec.http2.states import DATA, DATA_END, DONE, SENDING, WRONG
from linkerpy.codec.http2.stream import Stream

LARGEST_SENT = 65_536
"""Bytes of a DATA frame, however large the peer would take it: others want to be served, too."""


class Outbound:
    """Sizes in bytes. `out` is to be written in order, and emptied by `take`."""

    __slots__ = (
        "_first_block",
        "_held",
        "_limits",
        "_max_data",
        "_resets",
        "_settings",
        "_waiting",
        "out",
        "peer",
        "sent",
        "streams",
        "window",
    )

    def __init__(self, settings: OurSettings, limits: Limits) -> None:
        self._settings = settings
        self._limits = limits
        self.out: list[bytes] = []
        self.streams: dict[int, Stream] = {}
        """Those open, by number."""
        self.peer = PeerSettings()
        self.window = DEFAULT_WINDOW
        """What the peer takes on all streams together."""
        self.sent = 0
        """Of bodies, since the connection began."""
        self._max_data = self.peer.max_frame
        self._first_block = True
        self._waiting: dict[int, Stream] = {}
        """Streams that only the connection's window holds back, in the order of their turns."""
        self._resets: dict[int, bool] = {}
        """The latest streams that were reset, and whether by us: then the peer may not know yet."""
        self._held = 0

    def take(self) -> list[bytes]:
        """What is to be written, in order; it is the caller's."""
        out = self.out
        self.out = []
        return out

    def send_data(self, stream: Stream, data: bytes, end: bool = False) -> None:
        """Send bytes of a body, or let them wait for the windows; nothing may follow the `end`.

        Raises: Misuse before the head or behind the end.
        """
        if stream.error is not None:
            return
        self._move(stream, DATA_END if end else DATA)
        size = len(data)
        if stream.unsent:
            self._enqueue(stream, data)
        elif size <= stream.window and size <= self.window and size <= self._max_data:
            if size or end:
                self._write_data(stream, data, end)
        elif size:
            self._enqueue(stream, data)
            self._push(stream)
        else:  # an end needs no window, and they may be below zero
            self._write_data(stream, data, end)

    def send_trailers(self, stream: Stream, trailers: Trailers) -> None:
        """Send the fields behind a body, which they end.

        Raises: Misuse as `send_data`; UnwritableHead.
        """
        if stream.error is not None:
            return
        block = trailers_block(trailers)
        if stream.sending == DONE or SENDING[stream.sending][DATA] < 0:
            raise Misuse(f"trailers on {stream!r}")
        stream.sending = DONE
        if stream.unsent:
            stream.trailers = block
        else:
            self._write_block(stream.id, block, True)
            self._sent_end(stream)

    def reset(self, stream: Stream, code: int = ErrorCode.CANCEL, reason: str = "reset") -> None:
        """End a stream before its time; does nothing to one that has ended.

        What waits of it is dropped, and what was not consumed need not be.
        """
        if stream.id in self.streams:
            self._reset(stream, StreamFailure(code, reason))

    def ping(self, payload: bytes) -> None:
        """Ask for a sign of life; `PingAcknowledged` brings these eight bytes back.

        Raises: Misuse for another number of bytes.
        """
        if len(payload) != 8:
            raise Misuse("a PING has eight bytes")
        self.out.append(frames.ping(payload))

    def _move(self, stream: Stream, move: int) -> None:
        after = SENDING[stream.sending][move]
        if after < 0:
            raise Misuse(f"{WRONG[after][1]}: {stream!r}")
        stream.sending = after

    def _write_block(self, number: int, block: bytes, end: bool) -> None:
        if self._first_block:
            self._first_block = False
            block = EMPTY_TABLE + block
        size = len(block)
        if size <= self.peer.max_frame:
            flags = END_HEADERS | END_STREAM if end else END_HEADERS
            self.out.append(HEAD.pack(size << 8 | HEADERS, flags, number))
            self.out.append(block)
        else:
            self.out += frames.header_frames(block, number, self.peer.max_frame, end=end)

    def _write_data(self, stream: Stream, data: bytes, end: bool) -> None:
        """A DATA frame for which there is room."""
        size = len(data)
        stream.window -= size
        self.window -= size
        self.sent += size
        self.out.append(HEAD.pack(size << 8, END_STREAM if end else 0, stream.id))
        if size:
            self.out.append(data)
        if end:
            self._sent_end(stream)

    def _enqueue(self, stream: Stream, data: bytes) -> None:
        if not data:
            return
        if stream.queue is None:
            stream.queue = deque()
        stream.queue.append(data)
        stream.unsent += len(data)

    def _push(self, stream: Stream) -> None:
        """Send of what waits as much as the windows take."""
        while stream.unsent and stream.window > 0:
            if self.window <= 0:
                self._waiting[stream.id] = stream
                return
            self._push_frame(stream)

    def _push_waiting(self) -> list[Stream]:
        """Let the streams that wait for the connection take turns; those that wait no more."""
        drained: list[Stream] = []
        waiting = self._waiting
        while waiting and self.window > 0:
            number = next(iter(waiting))
            stream = waiting.pop(number)
            if stream.window <= 0:
                continue  # its own window is what it waits for
            self._push_frame(stream)
            if stream.unsent:
                waiting[number] = stream
            else:
                drained.append(stream)
        return drained

    def _push_frame(self, stream: Stream) -> None:
        """A frame of what waits, from one piece of it; and behind the last, what ends the body."""
        queue = stream.queue
        assert queue is not None
        piece = queue[0]
        start = stream.at
        stop = min(len(piece), start + min(stream.window, self.window, self._max_data))
        if stop == len(piece):
            queue.popleft()
            stream.at = 0
        else:
            stream.at = stop
        stream.unsent -= stop - start
        done = not stream.unsent and stream.sending == DONE
        whole = stop - start == len(piece)
        end = done and stream.trailers is None
        self._write_data(stream, piece if whole else piece[start:stop], end)
        if done and stream.trailers is not None:
            self._write_block(stream.id, stream.trailers, True)
            self._sent_end(stream)

    def _sent_end(self, stream: Stream) -> None:
        if stream.receiving == DONE:
            del self.streams[stream.id]

    def _reset(self, stream: Stream, error: StreamFailure) -> None:
        self._write_reset(stream.id, error.code)
        self._drop(stream, error)

    def _write_reset(self, number: int, code: int) -> None:
        self.out.append(frames.rst_stream(number, code))
        self._remember_reset(number, ours=True)

    def _remember_reset(self, number: int, *, ours: bool) -> None:
        resets = self._resets
        if len(resets) >= self._limits.remembered_resets:
            del resets[next(iter(resets))]
        resets[number] = ours

    def _drop(self, stream: Stream, error: StreamFailure) -> None:
        """Forget a stream that has ended before its time."""
        stream.error = error
        del self.streams[stream.id]
        self._waiting.pop(stream.id, None)
        stream.queue = stream.trailers = None
        stream.unsent = stream.at = 0
        self._held -= stream.held
        stream.held = 0
