"""Namer `io.l5d.rancher`: services of Rancher.

Source: discovery spec, section 2.6.
"""

from typing import ClassVar

from pydantic import Field

from linkerpy.config.fields import Port, Positive
from linkerpy.router.families import NamerConfig


class RancherConfig(NamerConfig):
    """Names are `/<port>/<stack>/<service>`."""

    KIND: ClassVar[str] = "io.l5d.rancher"
    NOT_YET: ClassVar[str] = "Rancher"
    EXPERIMENTAL: ClassVar[str] = "/#{prefix} namer"

    port_mappings: dict[str, Port] = Field(default_factory=dict)
    """Names of ports, besides `http` and `https`."""
    max_wait: Positive = 30
    """Seconds of a long poll."""
