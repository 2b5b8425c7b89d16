"""What the processes of a router take, sampled all the time: memory and file descriptors."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, linear_regression, median

from bench.processes import rss_mb

MOST_GROWTH = 1.0
"""Percent of memory for each minute."""

MOST_FILES = 8
"""More descriptors in the last quarter than in the first, in the middle: the rest is traffic."""

LONG_ENOUGH = 120.0
"""Seconds that must be watched to tell growth from chance."""


@dataclass(slots=True)
class Taken:
    """What one process took, moment by moment; seconds, MB, descriptors."""

    moments: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """How long it was watched."""
        return self.moments[-1] - self.moments[0] if self.moments else 0.0

    @property
    def growth(self) -> float:
        """Of memory: percent of the mean for each minute, along the line that fits best."""
        if len(self.moments) < 2:
            return 0.0
        slope, _ = linear_regression(self.moments, self.memory)
        return slope * 60 / fmean(self.memory) * 100

    @property
    def more_files(self) -> float:
        """Descriptors that the last quarter had more than the first."""
        part = max(len(self.files) // 4, 1)
        return median(self.files[-part:]) - median(self.files[:part])

    def complaints(self) -> Sequence[str]:
        """What is amiss, if it was watched for long enough."""
        if self.seconds < LONG_ENOUGH:
            return []
        found = []
        if self.growth > MOST_GROWTH:
            found.append(f"memory grows by {self.growth:.2f} % a minute")
        if self.more_files > MOST_FILES:
            found.append(f"{self.more_files:.0f} file descriptors more than at first")
        return found


class Watch:
    """Samples processes by name."""

    def __init__(self) -> None:
        """Nothing has been seen."""
        self.taken: dict[str, Taken] = {}

    def look(self, moment: float, processes: Mapping[str, int]) -> None:
        """Sample each of these process ids; one that has ended is left out."""
        for name, pid in processes.items():
            try:
                memory, files = rss_mb(pid), len(os.listdir(f"/proc/{pid}/fd"))
            except (OSError, ValueError):
                continue
            taken = self.taken.setdefault(name, Taken())
            taken.moments.append(moment)
            taken.memory.append(memory)
            taken.files.append(files)
