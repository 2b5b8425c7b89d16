"""Backoffs `constant` and `jittered`: how long to wait before each of a row of attempts.

Source: config spec, section 9.4.
"""

import random
from collections.abc import Iterator
from itertools import repeat
from typing import ClassVar, Self

from pydantic import model_validator

from linkerpy.config.fields import Count, Positive
from linkerpy.router.families import BackoffConfig


class ConstantConfig(BackoffConfig):
    """Always the same wait."""

    KIND: ClassVar[str] = "constant"

    ms: Count = 0
    """Each wait."""

    def build(self, rng: random.Random) -> Iterator[float]:
        """The same number of seconds, for ever."""
        return repeat(self.ms / 1000)


class JitteredConfig(BackoffConfig):
    """Decorrelated jitter: each wait is random, from the last one to three times it."""

    KIND: ClassVar[str] = "jittered"
    NEEDS: ClassVar[dict[str, str]] = {
        "minMs": "'minMs' must be specified",
        "maxMs": "'maxMs' must be specified",
    }

    min_ms: Positive
    """The shortest wait, and the first."""
    max_ms: Positive
    """The longest wait."""

    @model_validator(mode="after")
    def _is_range(self) -> Self:
        if self.min_ms > self.max_ms:
            raise ValueError(f"minMs ({self.min_ms}) must not be above maxMs ({self.max_ms})")
        return self

    def build(self, rng: random.Random) -> Iterator[float]:
        """First the shortest wait; never more than the longest."""
        wait, longest = self.min_ms / 1000, self.max_ms / 1000
        while True:
            yield wait
            wait = rng.uniform(wait, min(longest, 3 * wait))
