"""Telemeter `io.l5d.influxdb`: metrics for Telegraf to fetch.

Source: config spec, section 15.
"""

from typing import ClassVar

from linkerpy.router.families import TelemeterConfig


class InfluxDbConfig(TelemeterConfig):
    """Serves `/admin/metrics/influxdb`."""

    KIND: ClassVar[str] = "io.l5d.influxdb"
    NOT_YET: ClassVar[str] = "telemeters"
