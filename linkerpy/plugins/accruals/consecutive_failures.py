"""Failure accrual `io.l5d.consecutiveFailures`: so many failures in a row.

Source: config spec, section 8.6.
"""

from typing import ClassVar

from linkerpy.config.fields import Positive
from linkerpy.router.families import AccrualConfig


class ConsecutiveFailuresConfig(AccrualConfig):
    """An endpoint goes out of service after `failures` failures in a row."""

    KIND: ClassVar[str] = "io.l5d.consecutiveFailures"
    NOT_YET: ClassVar[str] = "failure accrual"

    failures: Positive
