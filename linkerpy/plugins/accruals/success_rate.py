"""Failure accruals by success rate: `io.l5d.successRate` and `io.l5d.successRateWindowed`.

Source: config spec, section 8.6.
"""

from typing import ClassVar

from linkerpy.config.fields import Positive, Share
from linkerpy.router.families import AccrualConfig


class SuccessRateConfig(AccrualConfig):
    """An endpoint goes out of service when too few of its last `requests` requests succeed."""

    KIND: ClassVar[str] = "io.l5d.successRate"
    NOT_YET: ClassVar[str] = "failure accrual"

    success_rate: Share
    requests: Positive


class SuccessRateWindowedConfig(AccrualConfig):
    """An endpoint goes out of service when too few requests of the last seconds succeed."""

    KIND: ClassVar[str] = "io.l5d.successRateWindowed"
    NOT_YET: ClassVar[str] = "failure accrual"

    success_rate: Share
    window: Positive
    """Seconds."""
