"""Histograms in buckets that grow by one percent, as finagle has them.

A sample is an integer; its bucket is found by one logarithm. A bucket reports the middle of its
limits, so a reported value is wrong by half a percent at most; up to 101 it is exact. Histograms of
the same buckets merge by adding counts.

Source: telemetry-admin spec, section 1.1.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

LARGEST = 2**31 - 1
_GROWTH = math.log(1.01)


def _limits() -> list[int]:
    limits = [1]
    power = 1.01
    while power < LARGEST:
        limit = int(power) + 1
        if limit != limits[-1]:
            limits.append(limit)
        power *= 1.01
    return limits


LIMITS = _limits()
"""Bucket i holds the samples from LIMITS[i-1] up to, not including, LIMITS[i]."""

_OFFSET = 362


def bucket(sample: float) -> int:
    """The bucket of a sample; it is truncated to an integer, and negative ones count as 0."""
    return _by_logarithm(int(sample))


def _by_logarithm(value: int) -> int:
    if value <= 0:
        return 0
    if value >= LIMITS[-1]:
        return len(LIMITS)
    index = max(int(math.log(value) / _GROWTH) - _OFFSET, 0)
    # The logarithm may round to the wrong side of a limit.
    while index and LIMITS[index - 1] > value:
        index -= 1
    while LIMITS[index] <= value:
        index += 1
    return index


COMMON = [_by_logarithm(value) for value in range(8192)]
"""The buckets of the common samples, by sample: milliseconds up to eight seconds."""


def midpoint(index: int) -> int:
    """What a bucket reports for its samples."""
    if index == 0:
        return 0
    if index >= len(LIMITS):
        return LARGEST
    return (LIMITS[index - 1] + LIMITS[index]) // 2


PERCENTILES = (
    ("p50", 0.5),
    ("p90", 0.9),
    ("p95", 0.95),
    ("p99", 0.99),
    ("p9990", 0.999),
    ("p9999", 0.9999),
)

Counts = dict[int, int]


@dataclass(frozen=True, slots=True)
class Summary:
    """What is told of a distribution; `sum` and `count` are exact, the rest within its bucket."""

    count: int
    sum: int
    min: int = 0
    max: int = 0
    percentiles: tuple[int, ...] = ()

    @property
    def avg(self) -> float:
        """The mean; 0 of nothing."""
        return self.sum / self.count if self.count else 0.0

    def figures(self) -> dict[str, int | float]:
        """The named figures, in the order in which they are exported."""
        if not self.count:
            return {"count": 0}
        named = dict(zip((name for name, _ in PERCENTILES), self.percentiles, strict=True))
        head: dict[str, int | float] = {"count": self.count, "max": self.max, "min": self.min}
        return head | named | {"sum": self.sum, "avg": self.avg}


def merge(parts: Iterable[Mapping[int, int]]) -> Counts:
    """The counts of all parts together."""
    whole: Counts = {}
    for part in parts:
        for index, count in part.items():
            whole[index] = whole.get(index, 0) + count
    return whole


def summarise(counts: Mapping[int, int], total: int) -> Summary:
    """The summary of bucket counts, of samples whose sum is `total`."""
    if not counts:
        return Summary(0, 0)
    indexes = sorted(counts)
    count = sum(counts.values())
    # Half rounds up, as finagle's does: the median of five samples is the third.
    targets = [int(fraction * count + 0.5) for _, fraction in PERCENTILES]
    values: list[int] = []
    reached = 0
    for index in indexes:
        reached += counts[index]
        while len(values) < len(targets) and reached >= targets[len(values)]:
            values.append(midpoint(index))
    return Summary(count, total, midpoint(indexes[0]), midpoint(indexes[-1]), tuple(values))
