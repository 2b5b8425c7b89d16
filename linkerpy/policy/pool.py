"""Pool: which of an endpoint's connections serves the next request.

It only decides; opening and closing connections is the caller's work.

Source: dataplane spec, section 3.6; config spec, section 8.3 (`hostConnectionPool`).
"""

from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

C = TypeVar("C")
W = TypeVar("W")


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """Per endpoint; `idle_time` in seconds."""

    min_size: int = 0
    max_size: int = 2**31 - 1
    idle_time: float = float("inf")
    max_waiters: int = 2**31 - 1


class Advice(Enum):
    """What to do when no idle connection is at hand."""

    CONNECT = "open a connection"
    WAIT = "queue for a connection"
    REFUSE = "too many wait already"


class Pool(Generic[C, W]):
    """Connections and waiters of one endpoint.

    The most recently used idle connection is lent first, so that surplus ones grow old and can be
    closed. `size` counts connections that are lent, idle or being opened.
    """

    __slots__ = ("_idle", "_limits", "size", "waiters")

    def __init__(self, limits: PoolLimits) -> None:
        self._limits = limits
        self._idle: deque[tuple[float, C]] = deque()
        self.size = 0
        self.waiters: deque[W] = deque()

    def __repr__(self) -> str:
        return f"<Pool {self.size} open, {len(self._idle)} idle, {len(self.waiters)} waiting>"

    @property
    def idle(self) -> int:
        """How many connections could be lent at once."""
        return len(self._idle)

    def lend(self) -> C | Advice:
        """An idle connection, or what to do instead."""
        if self._idle:
            return self._idle.pop()[1]
        if self.size < self._limits.max_size:
            return Advice.CONNECT
        if len(self.waiters) < self._limits.max_waiters:
            return Advice.WAIT
        return Advice.REFUSE

    def give_back(self, connection: C, now: float) -> W | None:
        """Take a reusable connection back, or name the waiter to lend it to at once."""
        if self.waiters:
            return self.waiters.popleft()
        self._idle.append((now, connection))
        return None

    def lost(self, connection: C) -> None:
        """Forget a connection that was idle and has closed, and no longer count it."""
        self.size -= 1
        for entry in self._idle:
            if entry[1] == connection:
                self._idle.remove(entry)
                return

    def expired(self, now: float) -> list[C]:
        """Take out the idle connections above `min_size` that nobody used for `idle_time`."""
        surplus: list[C] = []
        while (
            self._idle
            and self.size - len(surplus) > self._limits.min_size
            and now - self._idle[0][0] >= self._limits.idle_time
        ):
            surplus.append(self._idle.popleft()[1])
        return surplus

    def unused(self, since: float) -> list[C]:
        """The idle connections that nobody has used after `since`, surplus or not; they stay."""
        found: list[C] = []
        for idle_since, connection in self._idle:
            if idle_since > since:
                break
            found.append(connection)
        return found

    def next_expiry(self, longest: float) -> float:
        """When `expired` will first find something, or `unused` something idle for `longest`.

        There is an idle connection. As things stand, that is: it may be never.
        """
        if self.size > self._limits.min_size:
            longest = min(longest, self._limits.idle_time)
        return self._idle[0][0] + longest

    def take_idle(self) -> list[C]:
        """Take out all idle connections, to close them."""
        idle = [connection for _, connection in self._idle]
        self._idle.clear()
        return idle
