"""Namer `io.l5d.curator`: services that Apache Curator keeps in ZooKeeper.

Source: discovery spec, section 2.6.
"""

from typing import ClassVar

from linkerpy.config.discovery import ZkAddressWithDefault
from linkerpy.config.fields import Many, PathField
from linkerpy.naming.path import Path
from linkerpy.router.families import NamerConfig


class CuratorConfig(NamerConfig):
    """Names are `/<service>`."""

    KIND: ClassVar[str] = "io.l5d.curator"
    NOT_YET: ClassVar[str] = "ZooKeeper"
    EXPERIMENTAL: ClassVar[str] = "/#{prefix} namer"

    zk_addrs: Many[ZkAddressWithDefault]
    """The ZooKeeper servers."""
    base_path: PathField = Path.EMPTY
    """The node below which services are."""
