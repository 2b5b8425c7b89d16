"""Telemeter `io.l5d.statsd`: metrics sent to a StatsD.

Source: config spec, section 15.
"""

from typing import ClassVar

from linkerpy.config.fields import Port, Positive, Share, Text
from linkerpy.router.families import TelemeterConfig


class StatsDConfig(TelemeterConfig):
    """Counters and stats are sampled, gauges sent at intervals."""

    KIND: ClassVar[str] = "io.l5d.statsd"
    NOT_YET: ClassVar[str] = "telemeters"
    EXPERIMENTAL: ClassVar[str] = "io.l5d.statsd telemeter"

    prefix: Text = "linkerd"
    hostname: Text = "127.0.0.1"
    port: Port = 8125
    gauge_interval_ms: Positive = 10_000
    sample_rate: Share = 0.01
