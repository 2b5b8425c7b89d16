"""Idle: notices that nothing has moved for some time."""

from collections.abc import Callable

from linkerpy.core.clock import TimerWheel
from linkerpy.core.closable import NOTHING, Closable

# Looks per limit: the limit may be passed by a fourth.
_LOOKS = 4


class Idle:
    """Calls `expired` once `measure` has given the same for `limit` seconds, unless closed."""

    __slots__ = ("_before", "_expired", "_measure", "_pause", "_same", "_timer", "_timers")

    def __init__(
        self,
        timers: TimerWheel,
        limit: float,
        measure: Callable[[], object],
        expired: Callable[[], None],
    ) -> None:
        self._timers = timers
        self._pause = limit / _LOOKS
        self._measure = measure
        self._expired = expired
        self._before = measure()
        self._same = 0
        self._timer: Closable = timers.after(self._pause, self._look)

    def _look(self) -> None:
        now = self._measure()
        self._same = self._same + 1 if now == self._before else 0
        self._before = now
        if self._same == _LOOKS:
            self._timer = NOTHING
            self._expired()
        else:
            self._timer = self._timers.after(self._pause, self._look)

    def close(self) -> None:
        """Look no more."""
        self._timer.close()
