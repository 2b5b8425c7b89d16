"""Balancer `heap`: the least loaded of all endpoints.

Source: config spec, section 8.5.
"""

from typing import ClassVar

from linkerpy.policy.balance import Algorithm
from linkerpy.policy.heap import heap
from linkerpy.router.env import Env
from linkerpy.router.families import BalancerConfig


class HeapConfig(BalancerConfig):
    """Load is the number of requests in flight."""

    KIND: ClassVar[str] = "heap"

    def build(self, env: Env) -> Algorithm:
        """The algorithm, as the router's clients take it."""
        return heap(probation=self.enable_probation)
