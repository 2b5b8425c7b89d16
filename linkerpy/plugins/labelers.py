"""Labelers: what a `Forwarded` header calls one end of a connection.

Source: config spec, section 10.1.
"""

from typing import ClassVar

from linkerpy.config.fields import Text
from linkerpy.config.forwarded import LabelerConfig


class IpConfig(LabelerConfig):
    """The address, an IPv6 one in quotes and brackets."""

    KIND: ClassVar[str] = "ip"


class IpPortConfig(LabelerConfig):
    """Address and port, in quotes."""

    KIND: ClassVar[str] = "ip:port"


class ConnectionRandomConfig(LabelerConfig):
    """A random label for each connection."""

    KIND: ClassVar[str] = "connectionRandom"


class RequestRandomConfig(LabelerConfig):
    """A random label for each request."""

    KIND: ClassVar[str] = "requestRandom"


class RouterConfig(LabelerConfig):
    """The router's label after an underscore."""

    KIND: ClassVar[str] = "router"


class StaticConfig(LabelerConfig):
    """A label of one's own, put after an underscore unless it has one."""

    KIND: ClassVar[str] = "static"

    label: Text
