"""Store `io.l5d.consul`: dtabs in Consul's key-value store.

Source: discovery spec, section 4.3.
"""

from typing import ClassVar

from linkerpy.config.discovery import ConsulKv
from linkerpy.router.families import Backoff, StoreConfig


class ConsulConfig(StoreConfig, ConsulKv):
    """A key for each namespace under `pathPrefix`."""

    KIND: ClassVar[str] = "io.l5d.consul"
    NOT_YET: ClassVar[str] = "namerd"

    backoff: Backoff | None = None
    """None is jittered from 1 ms to a minute."""
