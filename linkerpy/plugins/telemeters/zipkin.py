"""Telemeter `io.l5d.zipkin`: traces sent to a Zipkin collector.

Source: config spec, section 15.
"""

from typing import ClassVar

from linkerpy.config.fields import Port, Share, Text
from linkerpy.router.families import TelemeterConfig


class ZipkinConfig(TelemeterConfig):
    """Sends the traces of a share of requests to a Scribe port."""

    KIND: ClassVar[str] = "io.l5d.zipkin"
    NOT_YET: ClassVar[str] = "telemeters"

    host: Text = "localhost"
    port: Port = 9410
    sample_rate: Share = 0.001
