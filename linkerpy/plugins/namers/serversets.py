"""Namer `io.l5d.serversets`: server sets in ZooKeeper.

Source: discovery spec, section 2.5.
"""

from typing import ClassVar

from linkerpy.config.discovery import ZkAddressWithDefault
from linkerpy.config.fields import Many
from linkerpy.router.families import NamerConfig


class ServersetsConfig(NamerConfig):
    """Names are ZooKeeper paths."""

    KIND: ClassVar[str] = "io.l5d.serversets"
    NOT_YET: ClassVar[str] = "ZooKeeper"

    zk_addrs: Many[ZkAddressWithDefault]
    """The ZooKeeper servers."""
