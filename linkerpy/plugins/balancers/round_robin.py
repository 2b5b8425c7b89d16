"""Balancer `roundRobin`: the available endpoints in turn.

Source: config spec, section 8.5.
"""

from typing import ClassVar

from linkerpy.config.fields import Positive
from linkerpy.router.families import BalancerConfig


class RoundRobinConfig(BalancerConfig):
    """All endpoints take turns when none is available."""

    KIND: ClassVar[str] = "roundRobin"
    NOT_YET: ClassVar[str] = "balancers other than p2c"

    max_effort: Positive = 5
