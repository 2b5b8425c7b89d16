"""Failure accrual `io.l5d.consecutiveFailures`: so many failures in a row.

Source: config spec, section 8.6.
"""

import random
from typing import ClassVar

from linkerpy.config.fields import Positive
from linkerpy.policy.accrual import AccrualRule, ConsecutiveFailures
from linkerpy.router.families import AccrualConfig


class ConsecutiveFailuresConfig(AccrualConfig):
    """An endpoint goes out of service after `failures` failures in a row."""

    KIND: ClassVar[str] = "io.l5d.consecutiveFailures"

    failures: Positive
    """Failures in a row that take an endpoint out."""

    def build(self, rng: random.Random) -> AccrualRule:
        """See `AccrualConfig`."""
        return AccrualRule(lambda _now: ConsecutiveFailures(self.failures), self.waits(rng))
