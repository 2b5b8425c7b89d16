"""Telemeter `io.l5d.recentRequests`: the last requests, on the admin pages.

Source: config spec, section 15.
"""

from typing import Annotated, ClassVar

from pydantic import AfterValidator

from linkerpy.config.fields import Number, Positive
from linkerpy.router.families import TelemeterConfig

_RANGE = "sampleRate must be between 0.0 and 1.0"


def _in_range(rate: float) -> float:
    if not 0 <= rate <= 1:
        raise ValueError(_RANGE)
    return rate


class RecentRequestsConfig(TelemeterConfig):
    """Keeps `capacity` of a share of requests."""

    KIND: ClassVar[str] = "io.l5d.recentRequests"
    NOT_YET: ClassVar[str] = "telemeters"
    NEEDS: ClassVar[dict[str, str]] = {"sampleRate": _RANGE}

    sample_rate: Annotated[Number, AfterValidator(_in_range)]
    capacity: Positive = 10
