"""Namer `io.l5d.marathon`: applications of a Marathon.

Source: discovery spec, section 2.4.
"""

from typing import ClassVar

from linkerpy.config.fields import Count, Flag, PathField, Port, Positive, Text
from linkerpy.config.tls import ClientTls
from linkerpy.router.families import NamerConfig


class MarathonConfig(NamerConfig):
    """Names are application ids."""

    KIND: ClassVar[str] = "io.l5d.marathon"
    NOT_YET: ClassVar[str] = "Marathon"

    host: Text = "marathon.mesos"
    port: Port = 80
    dst: PathField | None = None
    """Where Marathon is, as a name; None is `/$/inet/<host>/<port>`."""
    uri_prefix: Text = ""
    ttl_ms: Positive = 5000
    jitter_ms: Count = 50
    use_health_check: Flag = False
    tls: ClientTls | None = None
