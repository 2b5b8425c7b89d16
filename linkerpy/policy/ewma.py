"""Balancer `ewma`: p2c that goes by how long requests take.

An endpoint's load is a moving average of its latency, times the requests it would then have. The
average is sensitive to peaks: a slower request raises it at once, faster ones bring it down by and
by. So does time, or a slow endpoint would never be tried again.

Source: dataplane spec, section 3.5.
"""

from collections.abc import Callable
from math import exp
from typing import Any

from linkerpy.policy.balance import P2C, Algorithm, Observed

PENALTY = float((2**63 - 1) >> 16)
"""The load of an endpoint of unknown latency whose first requests are under way: it gets no more
until one is over, unless there is nobody else."""

_NANOSECONDS = 1e9


class PeakEwma(Observed):
    """What one endpoint's latency is thought to be. `cost` is in nanoseconds; 0 is unknown."""

    __slots__ = ("_decay", "_seconds", "_stamp", "cost")

    def __init__(self, endpoint: Any, seconds: Callable[[], float], decay: float) -> None:
        super().__init__(endpoint)
        self._seconds = seconds
        self._decay = decay
        self._stamp = seconds()
        self.cost = 0.0

    def __repr__(self) -> str:
        return f"<PeakEwma {self.cost / 1e6:.3f} ms of {self.endpoint!r}>"

    @property
    def load(self) -> float:
        """The latency to be expected with one request more."""
        cost = self.cost
        if cost:
            now = self._seconds()
            cost = self.cost = cost * exp((self._stamp - now) / self._decay)
            self._stamp = now
        if cost == 0 and self.pending > 0:
            return PENALTY + self.pending
        return cost * (self.pending + 1)

    def started(self) -> float:
        """See `Observed`."""
        self.pending += 1
        return self._seconds()

    def ended(self, started: float) -> None:
        """See `Observed`."""
        self.pending -= 1
        now = self._seconds()
        rtt = (now - started) * _NANOSECONDS
        if rtt > self.cost:
            self.cost = rtt
        else:
            old = exp((self._stamp - now) / self._decay)
            self.cost = self.cost * old + rtt * (1 - old)
        self._stamp = now


def ewma(
    seconds: Callable[[], float],
    decay: float = 10.0,
    max_effort: int = 5,
    *,
    probation: bool = False,
) -> Algorithm:
    """Peak EWMA; `decay` seconds take an average that is not renewed down to 1/e."""
    return Algorithm(
        "p2c_peak_ewma",
        lambda random, count: P2C(random, max_effort, count),
        observe=lambda endpoint: PeakEwma(endpoint, seconds, decay),
        probation=probation,
    )
