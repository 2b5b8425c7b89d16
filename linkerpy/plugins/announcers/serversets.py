"""Announcer `io.l5d.serversets`: server sets in ZooKeeper.

Source: discovery spec, section 6.
"""

from typing import ClassVar

from linkerpy.config.discovery import ZkAddress
from linkerpy.config.fields import Many, PathField
from linkerpy.naming.path import Path
from linkerpy.router.families import AnnouncerConfig


class ServersetsConfig(AnnouncerConfig):
    """Servers join the set at `pathPrefix` and the rest of the announced name."""

    KIND: ClassVar[str] = "io.l5d.serversets"
    NOT_YET: ClassVar[str] = "ZooKeeper"

    zk_addrs: Many[ZkAddress]
    """The ZooKeeper servers."""
    path_prefix: PathField = Path.of("discovery")
    """The node below which server sets are."""
