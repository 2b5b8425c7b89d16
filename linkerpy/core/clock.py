"""Time, passed in.

`Clock` is the part of a reactor that floors below `net` may use; tests pass a clock they advance
by hand. `TimerWheel` keeps the many short-lived timeouts of requests off the reactor's heap.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from linkerpy.core.closable import NOTHING, Closable


class Delayed(Protocol):
    """A scheduled call, as Twisted's `IDelayedCall` has it."""

    def cancel(self) -> None:
        """Do not make the call after all."""

    def active(self) -> bool:
        """Whether the call is still to come."""


class Clock(Protocol):
    """Monotonic seconds, and calls made later. A Twisted reactor or `task.Clock` is one."""

    def seconds(self) -> float:
        """Seconds since some fixed moment; never goes back."""

    def callLater(self, delay: float, call: Callable[..., Any], *args: Any) -> Any:  # noqa: N802
        """Call `call(*args)` after `delay` seconds, unless the returned handle is cancelled."""


class Timer:
    """One timeout on the wheel. Closing it is O(1) and leaves it in place to be skipped."""

    __slots__ = ("call", "deadline")

    def __init__(self, deadline: float, call: Callable[[], None] | None) -> None:
        self.deadline = deadline
        self.call = call

    def close(self) -> None:
        """Do not make the call."""
        self.call = None


class TimerWheel:
    """Timeouts of a few fixed lengths.

    A timeout fires within one `tick` after it is due, never before. Each length has a queue, and
    since all in one queue wait equally long, new ones go to the end and only the front needs
    looking at: arming and cancelling cost an append and an assignment, and one reactor timer
    serves all. An idle wheel has none.
    """

    def __init__(self, clock: Clock, tick: float = 0.01) -> None:
        self._clock = clock
        self._tick = tick
        self._queues: dict[float, deque[Timer]] = {}
        self._next: Any = None
        self._next_at = float("inf")

    def after(self, delay: float, call: Callable[[], None]) -> Closable:
        """Call `call` after `delay` seconds (rounded up to the tick) unless closed before.

        `delay` should be one of a few configured values: each distinct one keeps a queue while it
        is in use. A delay that is infinite or not positive never fires.
        """
        if not 0 < delay < float("inf"):
            return NOTHING
        timer = Timer(self._clock.seconds() + delay, call)
        queue = self._queues.get(delay)
        if queue is None:
            queue = self._queues[delay] = deque()
        while queue and queue[0].call is None:  # most are closed long before they are due
            queue.popleft()
        queue.append(timer)
        if timer.deadline < self._next_at:
            self._wake_at(timer.deadline)
        return timer

    def _wake_at(self, deadline: float) -> None:
        if self._next is not None and self._next.active():
            self._next.cancel()
        self._next_at = deadline
        delay = max(self._tick, deadline - self._clock.seconds())
        self._next = self._clock.callLater(delay, self._turn)

    def _turn(self) -> None:
        self._next = None
        self._next_at = float("inf")
        now = self._clock.seconds()
        due: list[Timer] = []
        for delay, queue in list(self._queues.items()):
            while queue and (queue[0].call is None or queue[0].deadline <= now):
                due.append(queue.popleft())
            if not queue:
                del self._queues[delay]
        if self._queues:
            self._wake_at(min(queue[0].deadline for queue in self._queues.values()))
        _fire(due)


def _fire(due: list[Timer]) -> None:
    """Make the calls, every one of them even if another raises; the first error is raised last."""
    failure: Exception | None = None
    for timer in due:
        call, timer.call = timer.call, None
        if call is None:
            continue
        try:
            call()
        except Exception as error:  # noqa: BLE001 - one failing call must not cost the others
            failure = failure or error
    if failure is not None:
        raise failure
