"""Balancer `roundRobin`: the available endpoints in turn.

Source: config spec, section 8.5.
"""

from typing import ClassVar

from linkerpy.config.fields import Positive
from linkerpy.policy.balance import Algorithm
from linkerpy.policy.round_robin import round_robin
from linkerpy.router.env import Env
from linkerpy.router.families import BalancerConfig


class RoundRobinConfig(BalancerConfig):
    """All endpoints take turns when none is available."""

    KIND: ClassVar[str] = "roundRobin"

    max_effort: Positive = 5
    """How often to pick again while the picked endpoint is not open."""

    def build(self, env: Env) -> Algorithm:
        """The algorithm, as the router's clients take it."""
        return round_robin(self.max_effort, probation=self.enable_probation)
