"""Namer `io.l5d.zkLeader`: the leader of a group in ZooKeeper.

Source: discovery spec, section 2.6.
"""

from typing import ClassVar

from linkerpy.config.discovery import ZkAddress
from linkerpy.config.fields import Many
from linkerpy.router.families import NamerConfig


class ZkLeaderConfig(NamerConfig):
    """Names are ZooKeeper paths of leader groups."""

    KIND: ClassVar[str] = "io.l5d.zkLeader"
    NOT_YET: ClassVar[str] = "ZooKeeper"

    zk_addrs: Many[ZkAddress]
    """The ZooKeeper servers."""
