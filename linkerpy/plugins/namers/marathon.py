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
    """Marathon, and the `Host` of requests to it."""
    port: Port = 80
    """The port of Marathon's HTTP API."""
    dst: PathField | None = None
    """Where Marathon is, as a name; None is `/$/inet/<host>/<port>`."""
    uri_prefix: Text = ""
    """What the paths of its API begin with, before `/v2`."""
    ttl_ms: Positive = 5000
    """Between two look-ups of an application."""
    jitter_ms: Count = 50
    """By how much that is at random shorter or longer."""
    use_health_check: Flag = False
    """Whether tasks count only while they run and their checks pass."""
    tls: ClientTls | None = None
    """How Marathon is spoken to; None is plain text."""
