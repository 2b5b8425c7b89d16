"""Store `io.l5d.etcd`: dtabs in etcd, by its version 2 interface.

Source: discovery spec, section 4.3.
"""

from typing import ClassVar

from linkerpy.config.fields import PathField, Port, Text
from linkerpy.config.tls import ClientTls
from linkerpy.naming.path import Path
from linkerpy.router.families import StoreConfig


class EtcdConfig(StoreConfig):
    """A key for each namespace under `pathPrefix`."""

    KIND: ClassVar[str] = "io.l5d.etcd"
    NOT_YET: ClassVar[str] = "namerd"
    EXPERIMENTAL: ClassVar[str] = "io.l5d.etcd storage"

    host: Text = "localhost"
    """An etcd server."""
    port: Port = 2379
    """Where it takes clients."""
    path_prefix: PathField = Path.of("namerd", "dtabs")
    """What the keys with dtabs begin with."""
    tls: ClientTls | None = None
    """How etcd is spoken to; None is plain text."""
