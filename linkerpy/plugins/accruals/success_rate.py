"""Failure accruals by success rate: `io.l5d.successRate` and `io.l5d.successRateWindowed`.

Source: config spec, section 8.6.
"""

import random
from typing import ClassVar

from linkerpy.config.fields import Positive, Share
from linkerpy.policy.accrual import AccrualRule, SuccessRate, SuccessRateWindowed
from linkerpy.router.families import AccrualConfig


class SuccessRateConfig(AccrualConfig):
    """An endpoint goes out of service when too few of its last `requests` requests succeed."""

    KIND: ClassVar[str] = "io.l5d.successRate"

    success_rate: Share
    """The least share of successes."""
    requests: Positive
    """How many of the last requests count."""

    def build(self, rng: random.Random) -> AccrualRule:
        """See `AccrualConfig`."""
        least, requests = self.success_rate, self.requests
        return AccrualRule(lambda _now: SuccessRate(least, requests), self.waits(rng))


class SuccessRateWindowedConfig(AccrualConfig):
    """An endpoint goes out of service when too few requests of the last seconds succeed."""

    KIND: ClassVar[str] = "io.l5d.successRateWindowed"

    success_rate: Share
    """The least share of successes."""
    window: Positive
    """Seconds."""

    def build(self, rng: random.Random) -> AccrualRule:
        """See `AccrualConfig`."""
        least, window = self.success_rate, self.window
        return AccrualRule(lambda now: SuccessRateWindowed(least, window, now), self.waits(rng))
