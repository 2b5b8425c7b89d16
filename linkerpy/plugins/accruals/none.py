"""Failure accrual `none`: endpoints stay in service whatever they answer.

Source: config spec, section 8.6.
"""

import random
from typing import ClassVar

from linkerpy.router.families import AccrualConfig


class NoneConfig(AccrualConfig):
    """No endpoint is ever taken out; `backoff` is accepted and has nothing to do."""

    KIND: ClassVar[str] = "none"

    def build(self, rng: random.Random) -> None:
        """See `AccrualConfig`."""
