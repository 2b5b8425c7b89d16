"""Namer `io.l5d.dnssrv`: SRV records of the DNS.

Source: discovery spec, section 2.6.
"""

from typing import ClassVar

from linkerpy.config.fields import Many, Positive, Text
from linkerpy.router.families import NamerConfig


class DnsSrvConfig(NamerConfig):
    """Names are `/<DNS name>`."""

    KIND: ClassVar[str] = "io.l5d.dnssrv"
    NOT_YET: ClassVar[str] = "DNS SRV records"
    EXPERIMENTAL: ClassVar[str] = "/#{prefix} namer"

    refresh_interval_seconds: Positive = 5
    """Between two look-ups of a name."""
    dns_hosts: Many[Text] = ()
    """Name servers; none are the system's."""
