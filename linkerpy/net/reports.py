"""Reports: a bounded queue of records on their way to a collector, sent in batches.

A record costs whoever adds it an append. What does not fit, or will not be taken, is dropped and
counted: nobody waits for a collector.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar

from linkerpy.core.clock import Clock
from linkerpy.net.collector import Collector, Outcome
from linkerpy.telemetry.metrics import Metrics

R = TypeVar("R")

CAPACITY: Final = 5000
"""Records that wait at most."""

BATCH: Final = 50
"""Records of one report: some milliseconds of work."""

INTERVAL: Final = 1.0
"""Seconds until a record is sent."""

_LONGEST_PAUSE: Final = 30.0
"""Seconds between two tries of a collector that is down."""


class Reports(Generic[R]):
    """Sends what is added. `encode` makes a report of some records.

    `sent`, `dropped` and `queued` are counted in `metrics`.
    """

    def __init__(
        self,
        collector: Collector,
        encode: Callable[[Sequence[R]], bytes],
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._collector = collector
        self._encode = encode
        self._clock = clock
        self._queue: deque[R] = deque()
        self._sent, self._dropped = metrics.counter("sent"), metrics.counter("dropped")
        self._gauge = metrics.gauge("queued", read=lambda: len(self._queue))
        self._timer: Any = None
        self._busy = False
        self._pause = INTERVAL
        self._drained: Callable[[], None] | None = None
        self._closed = False

    def add(self, record: R) -> None:
        """Have a record sent soon."""
        if len(self._queue) >= CAPACITY or self._closed:
            self._dropped.value += 1
            return
        self._queue.append(record)
        if self._timer is None and not self._busy:
            self._timer = self._clock.callLater(INTERVAL, self._send)

    def _send(self) -> None:
        self._timer = None
        if self._busy:
            return
        if not self._queue:
            self._tell_drained()
            return
        batch = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
        self._busy = True
        self._collector.post(self._encode(batch)).addCallback(self._answered, batch)

    def _answered(self, outcome: Outcome, batch: list[R]) -> None:
        self._busy = False
        if outcome is Outcome.TAKEN:
            self._sent.value += len(batch)
            self._pause = INTERVAL
            self._go_on(0)
        elif outcome is Outcome.LATER and self._drained is None and not self._closed:
            self._put_back(batch)
            self._go_on(self._pause)
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        else:
            self._dropped.value += len(batch)
            if self._drained is not None:  # who refuses one at the end is not asked for more
                self._give_up()
            self._go_on(INTERVAL)

    def _go_on(self, seconds: float) -> None:
        """Send the next batch: at once if it is full, or if the end is near."""
        if self._closed:
            return
        full = len(self._queue) >= BATCH or self._drained is not None
        if self._queue and not (full and seconds == 0):
            self._timer = self._clock.callLater(seconds or INTERVAL, self._send)
        elif self._queue or self._drained is not None:
            self._send()

    def _put_back(self, batch: list[R]) -> None:
        room = max(CAPACITY - len(self._queue), 0)
        kept = batch[len(batch) - min(room, len(batch)) :]
        self._dropped.value += len(batch) - len(kept)
        self._queue.extendleft(reversed(kept))

    def _give_up(self) -> None:
        self._dropped.value += len(self._queue)
        self._queue.clear()

    def drain(self, done: Callable[[], None]) -> None:
        """Send what there is; `done` is called when that is done, or the collector fails."""
        self._drained = done
        self._stop_timer()
        if not self._busy:
            self._send()

    def _tell_drained(self) -> None:
        done, self._drained = self._drained, None
        if done is not None:
            done()

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()

    def close(self) -> None:
        """Send no more; what waits is dropped."""
        self._closed = True
        self._stop_timer()
        self._give_up()
        self._gauge.close()
        self._collector.close()
        self._tell_drained()
