"""failFast: an endpoint that cannot be connected to is left alone until it can be.

After a failed connect the endpoint is down; it is then connected to again, at growing intervals
and only to see whether that works, until it does. A request's own connection that comes about in
the meantime is as good a sign.

Source: dataplane spec, section 3.4.
"""

import math
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Protocol

from linkerpy.core.clock import TimerWheel
from linkerpy.core.closable import NOTHING, Closable
from linkerpy.core.drive import Drive, drive
from linkerpy.core.errors import Cancelled
from linkerpy.policy.backoff import FAIL_FAST_LONGEST, Waits

Probe = Callable[[], Coroutine[Any, Any, None]]
"""Connects and closes the connection again; raises if it cannot connect."""


class Watcher(Protocol):
    """Told of what becomes of endpoints."""

    def marked_dead(self, endpoint: "FailFast") -> None:
        """It cannot be connected to."""

    def marked_available(self, endpoint: "FailFast") -> None:
        """It can be again."""

    def gone(self, endpoint: "FailFast") -> None:
        """Nobody will know whether it can be: it is no longer wanted."""


class FailFast:
    """One endpoint's state.

    While it is `down`, `since` is when that began and `tries` how often connecting was tried
    again in vain.
    """

    __slots__ = (
        "_closed",
        "_probe",
        "_probing",
        "_seconds",
        "_series",
        "_timer",
        "_timers",
        "_waits",
        "_watcher",
        "down",
        "since",
        "tries",
    )

    def __init__(
        self,
        probe: Probe,
        waits: Waits,
        seconds: Callable[[], float],
        timers: TimerWheel,
        watcher: Watcher,
    ) -> None:
        self._probe = probe
        self._series = waits
        self._seconds = seconds
        self._timers = timers
        self._watcher = watcher
        self._waits: Iterator[float] = iter(())
        self._timer: Closable = NOTHING
        self._probing: Drive | None = None
        self._closed = False
        self.down = False
        self.since = 0.0
        self.tries = 0

    def __repr__(self) -> str:
        return f"<FailFast down, {self.tries} tries>" if self.down else "<FailFast up>"

    def failed(self) -> None:
        """A request's connection could not be made."""
        if self.down or self._closed:
            return
        self.down = True
        self.since = self._seconds()
        self.tries = 0
        self._waits = self._series()
        self._watcher.marked_dead(self)
        self._wait()

    def connected(self) -> None:
        """A connection was made, a request's or our own."""
        if self.down:
            self.down = False
            self._stop()
            self._watcher.marked_available(self)

    def _wait(self) -> None:
        # To the next tenth: the wheel keeps a queue for each length of timeout.
        wait = max(math.ceil(next(self._waits, FAIL_FAST_LONGEST) * 10), 1) / 10
        self._timer = self._timers.after(wait, self._try)

    def _try(self) -> None:
        probing = drive(self._probe(), self._tried)
        if not probing.finished:
            self._probing = probing

    def _tried(self, _result: None, error: BaseException | None) -> None:
        self._probing = None
        if not self.down:  # an attempt that was stopped
            return
        if error is None:
            self.connected()
        else:
            self.tries += 1
            self._wait()

    def _stop(self) -> None:
        self._timer.close()
        probing, self._probing = self._probing, None
        if probing is not None:
            probing.cancel(Cancelled("no need to know any more whether it can be connected to"))

    def close(self) -> None:
        """The endpoint is no longer wanted: stop trying."""
        self._closed = True
        if self.down:
            self.down = False
            self._stop()
            self._watcher.gone(self)
