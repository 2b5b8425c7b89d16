"""Paced watching: what is done about changes of a directory takes a fifth of the time at most.

A file may change faster than it can be followed: each change has a list of thousands of addresses
read, compared and balanced over. Requests must have their turn between, and the last change counts.
"""

from collections.abc import Callable
from typing import Any, Final

from linkerpy.core.clock import Clock
from linkerpy.core.closable import Closable, Group, OnClose
from linkerpy.net.live_files import WatchDirectory

_REST: Final = 4
"""Times as long as a change took, nothing is done about the next ones."""


def paced(watch: WatchDirectory, clock: Clock) -> WatchDirectory:
    """Watch as `watch` does, and tell of changes at once, but for those that follow closely."""

    def watch_paced(directory: str, on_change: Callable[[], None]) -> Closable:
        pace = _Pace(on_change, clock)
        return Group(watch(directory, pace.changed), OnClose(pace.end))

    return watch_paced


class _Pace:
    def __init__(self, on_change: Callable[[], None], clock: Clock) -> None:
        self._on_change = on_change
        self._clock = clock
        self._rested = 0.0
        """When the next change may be told, by the clock."""
        self._late: Any = None

    def changed(self) -> None:
        """There is a change."""
        if self._late is not None:
            return
        left = self._rested - self._clock.seconds()
        if left > 0:
            self._late = self._clock.callLater(left, self._tell)
        else:
            self._tell()

    def _tell(self) -> None:
        self._late = None
        began = self._clock.seconds()
        try:
            self._on_change()
        finally:
            ended = self._clock.seconds()
            self._rested = ended + _REST * (ended - began)

    def end(self) -> None:
        """Tell of nothing more."""
        if self._late is not None:
            self._late.cancel()
            self._late = None
