"""Pushes: a long text that is sent to a collector at intervals, in several reports.

For metrics, which tell everything each time: what a collector did not take the next round tells it.
Making the text takes turns with everything else.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Final

from linkerpy.core.clock import Clock
from linkerpy.core.closable import Closable
from linkerpy.net.collector import Collector, Outcome
from linkerpy.net.gradual import Turns
from linkerpy.net.log import logger

_log = logger("linkerpy.net")

_REPORT: Final = 1 << 19
"""Characters of one report."""


class Pushes:
    """Every `interval` seconds, sends the pieces of `make` in reports: `frame[0]`, pieces divided
    by commas, `frame[1]`. A round that is still under way when the next is due takes its place.
    """  # noqa: D205 - the sentence is longer than a line

    def __init__(
        self,
        collector: Collector,
        make: Callable[[], Iterator[str]],
        frame: tuple[str, str],
        clock: Clock,
        interval: float,
    ) -> None:
        self._collector = collector
        self._make = make
        self._frame = frame
        self._clock = clock
        self._interval = interval
        self._timer: Any = None
        self._turns: Closable | None = None
        self._busy = False
        self._ready: deque[bytes] = deque()
        self._pieces: list[str] = []
        self._size = 0
        self._drained: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin; the first round is after an interval."""
        self._timer = self._clock.callLater(self._interval, self._due)

    def _due(self) -> None:
        self.start()
        if not self._busy:
            self._round()

    def _round(self) -> None:
        self._busy = True
        turns = Turns(self._cut(), lambda _nothing: None, self._made, self._clock)
        self._turns = turns
        turns.start()

    def _cut(self) -> Iterator[str]:
        """Gather pieces to reports; what it yields only marks where a turn may end."""
        for piece in self._make():
            if piece:
                self._pieces.append(piece)
                self._size += len(piece)
                if self._size >= _REPORT:
                    self._finish_report()
            yield ""
        self._finish_report()

    def _finish_report(self) -> None:
        if self._pieces:
            head, tail = self._frame
            self._ready.append(f"{head}{','.join(self._pieces)}{tail}".encode("utf-8", "replace"))
        self._pieces, self._size = [], 0

    def _made(self, error: BaseException | None) -> None:
        self._turns = None
        if error is not None:
            self._pieces, self._size = [], 0
            _log.error("metrics could not be told: {error}", error=repr(error))
        self._send()

    def _send(self) -> None:
        if not self._ready:
            self._over()
            return
        self._collector.post(self._ready.popleft()).addCallback(self._answered)

    def _answered(self, outcome: Outcome) -> None:
        if outcome is not Outcome.TAKEN:
            self._ready.clear()
        self._send()

    def _over(self) -> None:
        self._busy = False
        done, self._drained = self._drained, None
        if done is not None:
            done()

    def drain(self, done: Callable[[], None]) -> None:
        """Tell what has happened since the last round, then call `done`."""
        self._stop_timer()
        self._drained = done
        if not self._busy:
            self._round()

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()

    def close(self) -> None:
        """Send no more."""
        self._stop_timer()
        if self._turns is not None:
            self._turns.close()
        self._ready.clear()
        self._collector.close()
        self._over()
