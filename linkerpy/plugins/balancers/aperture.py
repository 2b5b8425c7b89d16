"""Balancer `aperture`: p2c over a random part of the endpoints, sized by load.

Source: config spec, section 8.5.
"""

from typing import ClassVar, Self

from pydantic import model_validator

from linkerpy.config.fields import Number, Positive
from linkerpy.policy.aperture import Band, aperture
from linkerpy.policy.balance import Algorithm
from linkerpy.router.env import Env
from linkerpy.router.families import BalancerConfig


class ApertureConfig(BalancerConfig):
    """The part grows when each of its endpoints has more than `highLoad` requests."""

    KIND: ClassVar[str] = "aperture"

    smooth_window_ms: Positive = 5000
    """The time over which load is averaged."""
    max_effort: Positive = 5
    """How often to pick again while the picked endpoint is not open."""
    low_load: Number = 0.5
    """Requests at a time of each endpoint, below which the part shrinks."""
    high_load: Number = 2.0
    """Requests at a time of each endpoint, above which the part grows."""
    min_aperture: Positive = 1
    """The least number of endpoints in the part."""

    @model_validator(mode="after")
    def _is_band(self) -> Self:
        if not 0 < self.low_load < self.high_load:
            raise ValueError("`lowLoad` must be more than 0 and less than `highLoad`")
        return self

    def build(self, env: Env) -> Algorithm:
        """The algorithm, as the router's clients take it."""
        band = Band(self.smooth_window_ms / 1000, self.low_load, self.high_load, self.min_aperture)
        return aperture(env.clock.seconds, band, self.max_effort, probation=self.enable_probation)
