"""Balancer `p2c`: the less loaded of two endpoints picked at random.

Source: config spec, section 8.5.
"""

from typing import ClassVar

from linkerpy.config.fields import Positive
from linkerpy.policy.balance import Algorithm, p2c
from linkerpy.router.env import Env
from linkerpy.router.families import BalancerConfig


class P2cConfig(BalancerConfig):
    """Load is the number of requests in flight."""

    KIND: ClassVar[str] = "p2c"

    max_effort: Positive = 5
    """How often to pick again while the picked endpoint is not open."""

    def build(self, env: Env) -> Algorithm:
        """The algorithm, as the router's clients take it."""
        return p2c(self.max_effort, probation=self.enable_probation)
