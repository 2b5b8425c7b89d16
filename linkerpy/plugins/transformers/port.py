"""Transformer `io.l5d.port`: every replica at one port, such as that of a proxy beside it.

Source: naming spec, section 7.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from linkerpy.config.fields import Port
from linkerpy.naming.addr import Address
from linkerpy.naming.namer import TreeTransform
from linkerpy.naming.path import Path
from linkerpy.naming.transform import MapBound, change_addresses
from linkerpy.router.families import Bind, TransformerConfig

if TYPE_CHECKING:  # checking a file needs no network
    from linkerpy.router.env import Env


class PortConfig(TransformerConfig):
    """Sets the port of each replica."""

    KIND: ClassVar[str] = "io.l5d.port"

    port: Port
    """The port that all replicas get."""

    @property
    def default_prefix(self) -> Path:
        """The kind and the port."""
        return Path.of(self.KIND, str(self.port))

    def build(self, env: "Env", bind: Bind) -> TreeTransform:
        """See `TransformerConfig.build`."""

        def moved(address: Address) -> Address:
            return replace(address, port=self.port)

        name = "DelegatingNameTreeTransformer$"
        return MapBound(name, self.full_prefix, change_addresses(moved))
