"""Telemeter `io.l5d.tracelog`: traces in the log.

Source: config spec, section 15.
"""

from typing import Annotated, ClassVar

from pydantic import AfterValidator

from linkerpy.config.fields import Number, Text
from linkerpy.router.families import TelemeterConfig

LEVELS = ("OFF", "FATAL", "CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG", "TRACE", "ALL")


def _level(level: str) -> str:
    if level.upper() not in LEVELS:
        raise ValueError(f"Illegal log level: {level} (one of {', '.join(LEVELS)})")
    return level.upper()


class TracelogConfig(TelemeterConfig):
    """Logs the traces of a share of requests; a share outside 0 to 1 is taken as the nearest."""

    KIND: ClassVar[str] = "io.l5d.tracelog"
    NOT_YET: ClassVar[str] = "telemeters"

    sample_rate: Number = 1.0
    level: Annotated[Text, AfterValidator(_level)] = "INFO"
