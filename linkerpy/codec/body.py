"""Body: the bytes of one message on their way from one parser to one writer.

The producer (a parser, or a filter that makes content) calls `write`, `end` and `fail`; the
consumer (a writer) calls `connect`, `pause`, `resume` and `cancel`. Chunks pass by reference; they
are kept only while there is no consumer or it is paused, and beyond `HIGH_WATER` kept bytes the
producer is told to stop. Everybody else may ask to be told when the stream is over.

    producer  write* (end | fail)   ->   sink.chunk* (sink.end | sink.fail)
              on_pause, on_resume, on_cancel   <-   pause, resume, cancel

A body whose bytes have all arrived before anybody connected is `complete`: its `data` can be put
behind the head in one write, and read again for another attempt. `Body` itself is one that was
complete from the start; `Stream` is one with a producer.

This module knows no protocol and no transport.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

HIGH_WATER = 65536
"""Bytes kept for a consumer that is absent or paused before the producer is told to stop."""

Trailers = Sequence[tuple[bytes, bytes]]
Watcher = Callable[[BaseException | None], None]


class Sink(Protocol):
    """Where a body goes."""

    def chunk(self, data: bytes) -> None:
        """Take the next bytes, never empty."""

    def end(self, trailers: Trailers) -> None:
        """The body is whole; nothing follows."""

    def fail(self, error: BaseException) -> None:
        """The body broke off; nothing follows."""


def _nothing() -> None:
    """A producer that cannot be slowed."""


def _nobody(error: BaseException) -> None:
    """A producer that need not know that its consumer left."""


class Body:
    """The body of a message, as everybody but its producer sees it; as such, a complete one.

    `length` is the declared size in bytes, or None if the end shows only when it comes.
    `over` says that the producer is done: the body ended, failed or was cancelled. `error` is what
    it failed or was cancelled with. `trailers` is set by the end.
    """

    __slots__ = ("_data", "length")

    over: bool = True
    error: BaseException | None = None
    trailers: Trailers = ()

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.length: int | None = len(data)

    def __repr__(self) -> str:
        return f"<Body complete length={self.length}>"

    @property
    def complete(self) -> bool:
        """Whether every byte is here and none has been handed on: `data` may be read."""
        return True

    @property
    def data(self) -> bytes:
        """All bytes of a complete body.

        Raises: ValueError when the body is not complete.
        """
        return self._data

    def on_end(self, watcher: Watcher) -> None:
        """Call `watcher` once when the producer is done; at once if it is.

        The watcher gets None after a proper end, otherwise the error the body failed or was
        cancelled with. Bytes kept for a slow consumer may still be under way then.
        """
        watcher(None)

    def connect(self, sink: Sink) -> None:
        """Hand over the bytes kept so far, and all that follow.

        A complete body hands over all bytes and the end at once, pays no heed to pauses, and may
        be connected again for another attempt; any other body has one consumer in its life.

        Raises: ValueError when somebody else is or was connected.
        """
        if self._data:
            sink.chunk(self._data)
        sink.end(self.trailers)

    def pause(self) -> None:
        """Hand over nothing until `resume`."""

    def resume(self) -> None:
        """Hand over what was kept meanwhile, then what follows."""

    def cancel(self, error: BaseException) -> None:
        """The consumer wants no more: drop what is kept and tell the producer.

        The producer is released from a pause first, so that what its connection still holds for
        this body can flow away. The sink hears nothing more, except from a complete body, which is
        left as it is: it holds up nobody, and another attempt may want it.
        """


EMPTY = Body(b"")
"""The body of every message that has none; nothing in it can change."""


class Stream(Body):
    """A body still on its way; see the module for who calls what."""

    __slots__ = (
        "_cancelled",
        "_kept",
        "_kept_size",
        "_on_cancel",
        "_on_pause",
        "_on_resume",
        "_passing",
        "_paused",
        "_sink",
        "_stalled",
        "_streamed",
        "_watchers",
        "error",
        "over",
        "trailers",
    )

    def __init__(
        self,
        length: int | None = None,
        on_pause: Callable[[], None] = _nothing,
        on_resume: Callable[[], None] = _nothing,
        on_cancel: Callable[[BaseException], None] = _nobody,
    ) -> None:
        super().__init__(b"")
        self.length = length
        self.over = False
        self.error = None
        self.trailers = ()
        self._kept: deque[bytes] = deque()
        self._kept_size = 0
        self._sink: Sink | None = None
        self._paused = False
        self._stalled = False
        self._passing = False
        self._streamed = False
        self._cancelled = False
        self._watchers: list[Watcher] = []
        self._on_pause = on_pause
        self._on_resume = on_resume
        self._on_cancel = on_cancel

    def __repr__(self) -> str:
        state = "over" if self.over else "paused" if self._paused else "open"
        return f"<Stream {state} length={self.length} kept={self._kept_size} error={self.error!r}>"

    @property
    def complete(self) -> bool:
        """As `Body.complete`."""
        return self.over and self.error is None and not self._streamed

    @property
    def data(self) -> bytes:
        """As `Body.data`."""
        if not self.complete:
            raise ValueError("the bytes of a body can be read only once all of them are here")
        if len(self._kept) > 1:
            self._kept = deque((b"".join(self._kept),))
        return self._kept[0] if self._kept else b""

    def on_end(self, watcher: Watcher) -> None:
        """As `Body.on_end`."""
        if self.over:
            watcher(self.error)
        else:
            self._watchers.append(watcher)

    # The producer's side

    def write(self, data: bytes) -> None:
        """Pass bytes on. What is written after a cancellation is dropped.

        Raises: ValueError after `end` or `fail`.
        """
        if self.over:
            if self._cancelled:
                return
            raise ValueError("the body is over already")
        if not data:
            return
        sink = self._sink
        if sink is not None and not (self._paused or self._passing or self._kept):
            self._streamed = True
            sink.chunk(data)
            return
        self._kept.append(data)
        self._kept_size += len(data)
        if self._kept_size > HIGH_WATER and not self._stalled:
            self._stalled = True
            self._on_pause()

    def end(self, trailers: Trailers = ()) -> None:
        """No byte follows. Does nothing if the body is over already."""
        if self.over:
            return
        self.trailers = trailers
        self.over = True
        sink = self._sink
        if sink is not None and not (self._paused or self._passing or self._kept):
            self._sink = None
            sink.end(trailers)
        self._tell(None)

    def fail(self, error: BaseException) -> None:
        """The rest will never come. Kept bytes are dropped. Does nothing if over already."""
        if self.over:
            return
        self._finish(error)
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.fail(error)
        self._tell(error)

    # The consumer's side

    def connect(self, sink: Sink) -> None:
        """As `Body.connect`."""
        if self._sink is not None or self._streamed:
            raise ValueError("the body has a consumer already")
        if self.error is not None:
            sink.fail(self.error)
        elif self.over:
            self._replay(sink)
        else:
            self._sink = sink
            self._pass_on()

    def pause(self) -> None:
        """As `Body.pause`."""
        self._paused = True

    def resume(self) -> None:
        """As `Body.resume`."""
        self._paused = False
        self._pass_on()

    def cancel(self, error: BaseException) -> None:
        """As `Body.cancel`."""
        self._sink = None
        if self.complete:
            return
        if self.over:
            self._drop_kept()
            return
        self._cancelled = True
        self._finish(error)
        self._release()
        self._on_cancel(error)
        self._tell(error)

    # Inside

    def _pass_on(self) -> None:
        if self._passing or self._sink is None:
            return
        self._passing = True
        try:
            self._hand_over_kept()
        finally:
            self._passing = False
        if not (self._kept or self._paused):
            self._release()

    def _replay(self, sink: Sink) -> None:
        self._sink = sink
        self._passing = True
        try:
            if data := self.data:
                sink.chunk(data)
        finally:
            wanted = self._sink is sink
            self._sink = None
            self._passing = False
        if wanted:
            sink.end(self.trailers)

    def _hand_over_kept(self) -> None:
        # A sink may pause or cancel within `chunk`; both show in the loop's condition.
        while (sink := self._sink) is not None and not self._paused:
            if self._kept:
                data = self._kept.popleft()
                self._kept_size -= len(data)
                self._streamed = True
                sink.chunk(data)
            else:
                if self.over:
                    self._sink = None
                    sink.end(self.trailers)
                return

    def _release(self) -> None:
        if self._stalled:
            self._stalled = False
            self._on_resume()

    def _drop_kept(self) -> None:
        self._kept.clear()
        self._kept_size = 0

    def _finish(self, error: BaseException) -> None:
        self.over = True
        self.error = error
        self._drop_kept()

    def _tell(self, error: BaseException | None) -> None:
        watchers, self._watchers = self._watchers, []
        for watcher in watchers:
            watcher(error)
