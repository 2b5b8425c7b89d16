"""Failure accrual: takes an endpoint out of service when it fails too much, and tries it again.

A *policy* decides when it is too much; an `Accrual` is what becomes of one endpoint:

    alive --(the policy says so)--> dead --(the wait is over)--> open for a probe
    open for a probe --(one request is let through)--> probing
    probing --success--> alive, with everything forgotten
    probing --failure--> dead, for the next longer wait

There is no timer: that a wait is over shows when somebody asks for the status, which balancers do
before each request. So nothing has to be cancelled when an endpoint goes.

Source: dataplane spec, section 3.4; config spec, section 8.6.
"""

import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Protocol

from linkerpy.policy.backoff import ACCRUAL_LONGEST, Waits, accrual_backoff
from linkerpy.policy.balance import BUSY, OPEN

FEWEST = 5
"""A success rate over time says nothing of fewer requests than these."""


class Policy(Protocol):
    """When an endpoint has failed too much. `now` is in seconds and never goes back.

    A `forgetful` one remembers nothing of what was before a success.
    """

    forgetful: bool

    def succeeded(self, now: float) -> None:
        """A request went well."""

    def failed(self, now: float) -> bool:
        """A request failed: whether this was one too many."""

    def revived(self, now: float) -> None:
        """The endpoint is back in service: forget what was before."""


class ConsecutiveFailures:
    """So many failures in a row."""

    __slots__ = ("_limit", "_row")
    forgetful = True

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._row = 0

    def succeeded(self, now: float) -> None:
        """See `Policy`."""
        self._row = 0

    def failed(self, now: float) -> bool:
        """See `Policy`."""
        self._row += 1
        return self._row >= self._limit

    def revived(self, now: float) -> None:
        """See `Policy`."""
        self._row = 0


class SuccessRate:
    """Too low a share of successes among the last `requests` or so, once there were so many.

    The share is a moving average: a request's weight falls by 1/e with every `requests` that
    follow it.
    """

    __slots__ = ("_keep", "_least", "_requests", "_seen", "_share")
    forgetful = False

    def __init__(self, least: float, requests: int) -> None:
        self._least = least
        self._requests = requests
        self._keep = math.exp(-1 / requests)
        self._seen = 0
        self._share = 1.0

    def _add(self, success: float) -> None:
        keep = self._keep if self._seen else 0.0
        self._share = success * (1 - keep) + self._share * keep
        self._seen += 1

    def succeeded(self, now: float) -> None:
        """See `Policy`."""
        self._add(1.0)

    def failed(self, now: float) -> bool:
        """See `Policy`."""
        self._add(0.0)
        return self._seen >= self._requests and self._share < self._least

    def revived(self, now: float) -> None:
        """See `Policy`."""
        self._seen = 0


class SuccessRateWindowed:
    """Too low a share of successes over the last `window` seconds or so, once these have passed.

    As `SuccessRate`, but weights fall by 1/e with every `window` that passes, and a request weighs
    as much as the time since the one before it.
    """

    __slots__ = ("_last", "_least", "_recent", "_share", "_start", "_window")
    forgetful = False

    def __init__(self, least: float, window: float, now: float) -> None:
        self._least = least
        self._window = window
        self._start = now
        self._last: float | None = None
        self._share = 1.0
        self._recent: deque[float] = deque(maxlen=FEWEST)
        """When the last requests ended: enough of them to tell whether there were enough."""

    def _add(self, success: float, now: float) -> None:
        keep = 0.0 if self._last is None else math.exp((self._last - now) / self._window)
        self._share = success * (1 - keep) + self._share * keep
        self._last = now
        self._recent.append(now)

    def succeeded(self, now: float) -> None:
        """See `Policy`."""
        self._add(1.0, now)

    def failed(self, now: float) -> bool:
        """See `Policy`."""
        self._add(0.0, now)
        begin, recent = now - self._window, self._recent
        enough = len(recent) == FEWEST and recent[0] >= begin
        return enough and self._start <= begin and self._share < self._least

    def revived(self, now: float) -> None:
        """See `Policy`."""
        self._start = now
        self._last = None
        self._recent.clear()


@dataclass(frozen=True, slots=True)
class AccrualRule:
    """What is configured: `policy(now)` and `waits()` are made afresh for each endpoint."""

    policy: Callable[[float], Policy]
    waits: Waits


def default_rule(random: Random) -> AccrualRule:
    """Where the file says nothing: five failures in a row."""
    return AccrualRule(lambda _now: ConsecutiveFailures(5), partial(accrual_backoff, random))


class Watcher(Protocol):
    """Told of what becomes of an endpoint."""

    def dead(self, seconds: float, *, removed: bool) -> None:
        """It is out of service for so long; `removed`: it was in service until now."""

    def probed(self) -> None:
        """A request was let through to see whether it is well again."""

    def revived(self) -> None:
        """It is back in service."""


ALIVE, DEAD, PROBING = range(3)
"""In service; out of it, or waiting for a probe; waiting for how the probe ends."""

_NAMES = ("alive", "dead", "probing")


class Accrual:
    """One endpoint's state. Whoever sends it a request tells how the request ended, always.

    `state` and `spotless` are there to spare the hot path calls: an ALIVE endpoint is OPEN, and
    need not be told that a request is about to be sent; one that is spotless gains nothing by
    another success. Requests that were under way when the endpoint was taken out
    change nothing, except that while a probe is out the first outcome counts, whoever's it is.
    """

    __slots__ = (
        "_policy",
        "_rule",
        "_seconds",
        "_until",
        "_waits",
        "_watcher",
        "spotless",
        "state",
    )

    def __init__(self, rule: AccrualRule, seconds: Callable[[], float], watcher: Watcher) -> None:
        self._rule = rule
        self._seconds = seconds
        self._watcher = watcher
        self._policy = rule.policy(seconds())
        self._waits: Iterator[float] = rule.waits()
        self._until = 0.0
        self.state = ALIVE
        self.spotless = self._policy.forgetful

    def __repr__(self) -> str:
        return f"<Accrual {_NAMES[self.state]}>"

    @property
    def status(self) -> int:
        """OPEN, also for one probe; BUSY while dead and while the probe is out."""
        if self.state == DEAD:
            return OPEN if self._seconds() >= self._until else BUSY
        return BUSY if self.state == PROBING else OPEN

    def acquired(self) -> None:
        """A request is about to be sent; if the endpoint is open for a probe, it is the probe."""
        if self.state == DEAD and self._seconds() >= self._until:
            self.state = PROBING
            self._watcher.probed()

    def succeeded(self) -> None:
        """A request went well."""
        if self.state == DEAD:
            return
        now = self._seconds()
        if self.state == PROBING:
            self.state = ALIVE
            self._waits = self._rule.waits()
            self._policy.revived(now)
            self._watcher.revived()
        self._policy.succeeded(now)
        self.spotless = self._policy.forgetful

    def failed(self) -> None:
        """A request failed."""
        if self.state == DEAD:
            return
        self.spotless = False
        now = self._seconds()
        too_many = self._policy.failed(now)
        removed = self.state == ALIVE
        if removed and not too_many:
            return
        self.state = DEAD
        wait = next(self._waits, ACCRUAL_LONGEST)
        self._until = now + wait
        self._watcher.dead(wait, removed=removed)
