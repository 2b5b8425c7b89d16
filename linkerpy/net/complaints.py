"""Complaints: log lines about single requests, a few for each cause.

A backend that is down fails every request: the log says so at once, then at most every ten seconds,
with the number of those that were not told.
"""

from typing import Any, Final

from twisted.logger import Logger, LogLevel

from linkerpy.core.clock import Clock

INTERVAL: Final = 10.0
"""Seconds between two lines about the same cause."""

MOST: Final = 200
"""Causes that are told apart; when there are more, the oldest is forgotten."""


class Complaints:
    """Says at `level` what went wrong, rarely enough."""

    def __init__(self, log: Logger, clock: Clock) -> None:
        self._log = log
        self._seconds = clock.seconds
        self._causes: dict[Any, list[float]] = {}
        """When a cause was told last, and how often it has not been since."""

    def complain(self, cause: Any, level: Any, text: str, **values: Any) -> None:
        """Log `text`, of which `values` are the fields, unless this cause was told just now."""
        now = self._seconds()
        known = self._causes.get(cause)
        if known is not None and now - known[0] < INTERVAL:
            known[1] += 1
            return
        untold = 0 if known is None else int(known[1])
        if untold:
            text += " (and {untold} more like it)"
        if known is None and len(self._causes) >= MOST:
            del self._causes[next(iter(self._causes))]
        self._causes[cause] = [now, 0]
        chosen: LogLevel = level
        self._log.emit(chosen, text, untold=untold, **values)
