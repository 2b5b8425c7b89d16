"""Balancer `ewma`: the faster of two endpoints picked at random.

Source: config spec, section 8.5.
"""

from typing import ClassVar

from linkerpy.config.fields import Positive
from linkerpy.policy.balance import Algorithm
from linkerpy.policy.ewma import ewma
from linkerpy.router.env import Env
from linkerpy.router.families import BalancerConfig


class EwmaConfig(BalancerConfig):
    """Load is a peak-sensitive moving average of latency, times the requests in flight."""

    KIND: ClassVar[str] = "ewma"

    max_effort: Positive = 5
    """How often to pick again while the picked endpoint is not open."""
    decay_time_ms: Positive = 10_000
    """How long a latency is remembered."""

    def build(self, env: Env) -> Algorithm:
        """The algorithm, as the router's clients take it."""
        decay = self.decay_time_ms / 1000
        return ewma(env.clock.seconds, decay, self.max_effort, probation=self.enable_probation)
