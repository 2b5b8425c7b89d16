"""Balancer `aperture`: p2c over a part of the endpoints, as large a part as the load needs.

Clients that send little then keep few connections, and use those well.

Source: dataplane spec, section 3.5.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp
from random import Random
from typing import Any

from linkerpy.policy.balance import OPEN, P2C, Algorithm, Count, Observed, part_open


@dataclass(frozen=True, slots=True)
class Band:
    """How much an endpoint inside the aperture is to do.

    `low` and `high` are requests outstanding for each, averaged over `window` seconds; `narrowest`
    is how many endpoints there are inside at least.
    """

    window: float = 5.0
    low: float = 0.5
    high: float = 2.0
    narrowest: int = 1


class ApertureNode(Observed):
    """An endpoint that tells its aperture of its requests; `place` is its rank in the order."""

    __slots__ = ("aperture", "place")

    def __init__(self, endpoint: Any) -> None:
        super().__init__(endpoint)
        self.aperture: Aperture | None = None
        self.place: float | None = None

    def started(self) -> float:
        """See `Observed`."""
        self.pending += 1
        if self.aperture is not None:
            self.aperture.change(1)
        return 0.0

    def ended(self, started: float) -> None:
        """See `Observed`."""
        self.pending -= 1
        if self.aperture is not None:
            self.aperture.change(-1)


class Aperture(P2C[ApertureNode]):
    """Balances over the first `width` nodes of an order that is random but stays.

    The open ones come first in it, so that a node outside stands in for one inside that is found
    busy, until that is open again. With every request that begins or ends the width changes by one
    at most, where the smoothed load is out of the band.
    """

    def __init__(
        self,
        random: Random,
        max_effort: int,
        count: Count,
        band: Band,
        seconds: Callable[[], float],
    ) -> None:
        super().__init__(random, max_effort, count)
        self._band = band
        self._seconds = seconds
        self._all: list[ApertureNode] = []
        self._order: list[ApertureNode] = []
        self._left_out: list[ApertureNode] = []
        self._total = 0
        self._stamp = seconds()
        self.width = 0
        self.smoothed = 0.0

    def update(self, nodes: Sequence[ApertureNode]) -> None:
        """See `Balancer.update`."""
        for node in self._all:
            if node.aperture is self:
                node.aperture = None
        for node in nodes:
            node.aperture = self
            if node.place is None:
                node.place = self._random()
        self._all = sorted(nodes, key=lambda node: node.place or 0.0)
        self._smooth()
        # What nodes that have gone still do is no longer this aperture's load.
        self._total = sum(node.pending for node in nodes)
        self.width = min(max(self.width, self._band.narrowest), len(nodes))
        self._arrange()

    def pick(self) -> ApertureNode | None:
        """See `Balancer.pick`."""
        for node in self._left_out:
            if node.status == OPEN:
                self._rebuild()
                break
        if not self._all:
            return None
        drawn = self._draw()
        return drawn if drawn.status == OPEN else self._insist()

    def _draw(self) -> ApertureNode:
        return self.nodes[0] if len(self.nodes) == 1 else super()._draw()

    def _rebuild(self) -> None:
        super()._rebuild()
        self._arrange()

    def _arrange(self) -> None:
        takers, self._left_out = part_open(self._all)
        self._order = takers + self._left_out
        self.nodes = self._order[: self.width]

    def change(self, by: int) -> None:
        """The requests outstanding have become one more or one less."""
        self._smooth()
        self._total += by
        width = self.width
        if self.smoothed >= self._band.high * width and width < len(self._all):
            self._resize(width + 1, "loadband/widen")
        elif self.smoothed <= self._band.low * width and width > self._band.narrowest:
            self._resize(width - 1, "loadband/narrow")

    def _smooth(self) -> None:
        """Take in the load that there was until now."""
        now = self._seconds()
        old = exp((self._stamp - now) / self._band.window)
        self.smoothed = self.smoothed * old + self._total * (1 - old)
        self._stamp = now

    def _resize(self, width: int, event: str) -> None:
        self._count(event)
        self.width = width
        self.nodes = self._order[:width]


def aperture(
    seconds: Callable[[], float], band: Band, max_effort: int = 5, *, probation: bool = False
) -> Algorithm:
    """P2c over an aperture, least loaded."""
    return Algorithm(
        "aperture_least_loaded",
        lambda random, count: Aperture(random, max_effort, count, band, seconds),
        observe=ApertureNode,
        counters=("loadband/widen", "loadband/narrow"),
        gauges={
            "logical_aperture": lambda balancer: balancer.width,
            "loadband/offered_load_ema": lambda balancer: balancer.smoothed,
        },
        probation=probation,
    )
