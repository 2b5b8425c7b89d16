"""Transformer `io.l5d.localhost`: only the replicas on this machine.

Source: naming spec, sections 7 and 9 (IPv6 too).
"""

from typing import TYPE_CHECKING, ClassVar

from linkerpy.naming.namer import TreeTransform
from linkerpy.naming.subnet import canonical
from linkerpy.naming.transform import MapBound, keep_addresses
from linkerpy.net.interfaces import local_addresses
from linkerpy.router.families import Bind, TransformerConfig

if TYPE_CHECKING:  # checking a file needs no network
    from linkerpy.router.env import Env


class LocalhostConfig(TransformerConfig):
    """Keeps replicas at an address of an interface that is up when the process starts."""

    KIND: ClassVar[str] = "io.l5d.localhost"

    def build(self, env: "Env", bind: Bind) -> TreeTransform:
        """See `TransformerConfig.build`."""
        here = local_addresses()
        keep = keep_addresses(lambda address: canonical(address.ip) in here)
        return MapBound("SubnetLocalTransformer", self.full_prefix, keep)
