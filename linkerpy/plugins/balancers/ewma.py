"""Balancer `ewma`: the faster of two endpoints picked at random.

Source: config spec, section 8.5.
"""

from typing import ClassVar

from linkerpy.config.fields import Positive
from linkerpy.router.families import BalancerConfig


class EwmaConfig(BalancerConfig):
    """Load is a peak-sensitive moving average of latency, times the requests in flight."""

    KIND: ClassVar[str] = "ewma"
    NOT_YET: ClassVar[str] = "balancers other than p2c"

    max_effort: Positive = 5
    decay_time_ms: Positive = 10_000
