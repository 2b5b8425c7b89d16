"""Labelers: what a `Forwarded` header calls one end of a connection.

Source: config spec, section 10.1; RFC 7239, section 6.
"""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from random import Random
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator

from linkerpy.config.fields import Text
from linkerpy.config.forwarded import LabelerConfig
from linkerpy.protocol.http.forwarded import Labeler, RandomLabel

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_UNKNOWN = b"unknown"


def address_of(end: Any) -> str | None:
    """The IP address of a Twisted address; None if it has none or stands for any.

    IPv6 is spelled out in full, without brackets: every zero group, no leading zeros.
    """
    host = getattr(end, "host", None)
    if host is None:
        return None
    address: IPv4Address | IPv6Address = ip_address(host.partition("%")[0])
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    if address.is_unspecified:
        return None
    if isinstance(address, IPv4Address):
        return str(address)
    return ":".join([f"{int(group, 16):x}" for group in address.exploded.split(":")])


class IpLabel:
    """The address, with the port if wanted."""

    each_request = False

    def __init__(self, *, port: bool) -> None:
        self._port = port

    def label(self, end: Any) -> bytes:
        """See `Labeler`."""
        address = address_of(end)
        if address is None:
            return _UNKNOWN
        shown = f"[{address}]" if ":" in address else address
        return (f"{shown}:{end.port}" if self._port else shown).encode("ascii")


class FixedLabel:
    """The same label for everything. An underscore marks it as no host name."""

    each_request = False

    def __init__(self, label: str) -> None:
        self._label = label.encode("utf-8")

    def label(self, end: Any) -> bytes:
        """See `Labeler`."""
        return self._label


class IpConfig(LabelerConfig):
    """The address, an IPv6 one in quotes and brackets."""

    KIND: ClassVar[str] = "ip"

    def build(self, router: str, chance: Random) -> Labeler:
        """See `LabelerConfig`."""
        return IpLabel(port=False)


class IpPortConfig(LabelerConfig):
    """Address and port, in quotes."""

    KIND: ClassVar[str] = "ip:port"

    def build(self, router: str, chance: Random) -> Labeler:
        """See `LabelerConfig`."""
        return IpLabel(port=True)


class ConnectionRandomConfig(LabelerConfig):
    """A random label for each connection."""

    KIND: ClassVar[str] = "connectionRandom"

    def build(self, router: str, chance: Random) -> Labeler:
        """See `LabelerConfig`."""
        return RandomLabel(chance, each_request=False)


class RequestRandomConfig(LabelerConfig):
    """A random label for each request."""

    KIND: ClassVar[str] = "requestRandom"

    def build(self, router: str, chance: Random) -> Labeler:
        """See `LabelerConfig`."""
        return RandomLabel(chance, each_request=True)


class RouterConfig(LabelerConfig):
    """The router's label after an underscore."""

    KIND: ClassVar[str] = "router"

    def build(self, router: str, chance: Random) -> Labeler:
        """See `LabelerConfig`."""
        return FixedLabel("_" + _CONTROL.sub("?", router))


def _printable(label: str) -> str:
    if _CONTROL.search(label):
        raise ValueError("a label cannot hold control characters")
    return label


class StaticConfig(LabelerConfig):
    """A label of one's own, put after an underscore unless it has one."""

    KIND: ClassVar[str] = "static"

    label: Annotated[Text, AfterValidator(_printable)]
    """What every request and connection is called."""

    def build(self, router: str, chance: Random) -> Labeler:
        """See `LabelerConfig`."""
        return FixedLabel(self.label if self.label.startswith("_") else "_" + self.label)
