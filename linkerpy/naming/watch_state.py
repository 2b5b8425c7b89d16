"""WatchState: what a state page shows about a watch: is it running, since when, what did it see.

Source: naming spec, section 4.4.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from linkerpy.core.closable import Closable, Group, OnClose
from linkerpy.core.var import Derived, Order, Var

T = TypeVar("T")

Now = Callable[[], datetime]


def utc_now() -> datetime:
    """The time of day that state pages show."""
    return datetime.now(UTC)


class WatchState(Generic[T]):
    """The state of one watch; whoever runs the watch tells it what happens.

    The value of a watch that stopped is kept.
    """

    def __init__(self, initial: T, now: Now = utc_now) -> None:
        self.value = initial
        self._now = now
        self._watchers = 0
        self._stamps: dict[str, datetime] = {}

    def started(self) -> None:
        """Somebody began to watch; the first one starts the watch."""
        self._watchers += 1
        if self._watchers == 1:
            self._stamps["lastStartedAt"] = self._now()

    def stopped(self) -> None:
        """Somebody stopped watching; the last one stops the watch."""
        self._watchers -= 1
        if self._watchers == 0:
            self._stamps["lastStoppedAt"] = self._now()

    def updated(self, value: T) -> None:
        """The watch saw `value`."""
        self.value = value
        self._stamps["lastUpdatedAt"] = self._now()

    def watch(self, var: Var[T]) -> Var[T]:
        """`var`, with its observers and values noted here."""

        def observe(observer: Callable[[T], None], order: Order) -> Closable:
            def changed(value: T) -> None:
                self.updated(value)
                observer(value)

            self.started()
            return Group(OnClose(self.stopped), var.observe(changed, order))

        return Derived(observe)

    def snapshot(self, show: Callable[[T], Any] = lambda value: value) -> dict[str, Any]:
        """The JSON object of state pages, with the value as `show` has it."""
        stamps: dict[str, Any] = {
            key: self._stamps[key].strftime("%Y-%m-%d %H:%M:%S +0000")
            for key in ("lastStartedAt", "lastStoppedAt", "lastUpdatedAt")
            if key in self._stamps
        }
        return {"running": self._watchers > 0, **stamps, "value": show(self.value)}
