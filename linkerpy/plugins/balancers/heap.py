"""Balancer `heap`: the least loaded of all endpoints.

Source: config spec, section 8.5.
"""

from typing import ClassVar

from linkerpy.router.families import BalancerConfig


class HeapConfig(BalancerConfig):
    """Load is the number of requests in flight."""

    KIND: ClassVar[str] = "heap"
    NOT_YET: ClassVar[str] = "balancers other than p2c"
