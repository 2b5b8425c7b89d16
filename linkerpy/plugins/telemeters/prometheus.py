"""Telemeter `io.l5d.prometheus`: metrics for Prometheus to fetch.

Source: config spec, section 15.
"""

from typing import ClassVar

from linkerpy.config.fields import Text
from linkerpy.router.families import TelemeterConfig


class PrometheusConfig(TelemeterConfig):
    """Serves `path` on the admin port; every metric's name begins with `prefix`."""

    KIND: ClassVar[str] = "io.l5d.prometheus"
    NOT_YET: ClassVar[str] = "telemeters"

    path: Text = "/admin/metrics/prometheus"
    prefix: Text = ""
