"""Cumulative buckets: the two thousand fine ones of a stat, told in about a dozen.

A family's edges must never change, or its series could not be added up: they follow from the name
of the stat alone. Samples are whole numbers, rounded down, so `le="10.0"` of milliseconds is what
took less than 11. An edge lies between two fine buckets and may be off by half a percent of its
value from 101 on.

Used by the Prometheus exporter.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from linkerpy.telemetry.histogram import LIMITS, midpoint


@dataclass(frozen=True, slots=True)
class Edges:
    """Upper edges, in growing order; beyond the last there is one bucket more."""

    texts: tuple[str, ...]
    """The edges as values of the label `le`, `+Inf` among them."""
    _of: tuple[int, ...]
    """By fine bucket, the first edge that includes it."""

    @classmethod
    def of(cls, *edges: int) -> "Edges":
        """These edges. A fine bucket counts by what it reports."""
        texts = (*(f"{float(edge)}" for edge in edges), "+Inf")
        return cls(texts, tuple(bisect_left(edges, midpoint(i)) for i in range(len(LIMITS) + 1)))

    def cumulate(self, counts: Mapping[int, int]) -> list[int]:
        """How many samples are at most each edge; the last figure is all of them."""
        found = [0] * len(self.texts)
        of = self._of
        for index, count in counts.items():
            found[of[index]] += count
        return list(accumulate(found))


MILLISECONDS: Final = Edges.of(0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
MICROSECONDS: Final = Edges.of(10, 100, 200, 500, 1000, 2000, 5000, 10_000, 100_000, 1_000_000)
DURATIONS: Final = Edges.of(10, 100, 1000, 10_000, 60_000, 600_000, 3_600_000, 86_400_000)
"""Milliseconds again, of what lasts: connections and streams."""
BYTES: Final = Edges.of(0, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 16_777_216)
AMOUNTS: Final = Edges.of(0, 1, 2, 5, 10, 20, 50, 100, 1000)


def edges_of(name: str) -> Edges:
    """The edges for a stat, by its name in Prometheus' spelling."""
    last = name.rpartition(":")[2]
    if "duration" in last:
        return DURATIONS
    if last.endswith("_us"):
        return MICROSECONDS
    if last.endswith("_ms") or ":time:" in name:
        return MILLISECONDS
    return BYTES if "bytes" in last else AMOUNTS
