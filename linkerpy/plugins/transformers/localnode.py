"""Transformer `io.l5d.k8s.localnode`: only the replicas on this Kubernetes node.

Source: naming spec, section 7.
"""

import os
from typing import TYPE_CHECKING, ClassVar, Final

from linkerpy.config.fields import Flag
from linkerpy.naming.namer import TreeTransform
from linkerpy.naming.path import Path
from linkerpy.naming.subnet import Netmask
from linkerpy.naming.transform import MapBound, keep_addresses
from linkerpy.router.families import Bind, TransformerConfig

if TYPE_CHECKING:  # checking a file needs no network
    from linkerpy.router.env import Env

_NODE: Final = Netmask("255.255.255.0")
"""The addresses that Kubernetes gives to the pods of one node."""

_WANTED: Final = {
    "POD_IP": "POD_IP env variable must be set to the pod's IP",
    "NODE_NAME": "NODE_NAME env variable must be set to the node's name",
}


class LocalNodeConfig(TransformerConfig):
    """Keeps the replicas in this pod's network, or with `hostNetwork` those of this node's name."""

    KIND: ClassVar[str] = "io.l5d.k8s.localnode"

    host_network: Flag = False
    """Whether the process runs in the network of its node, not of its pod."""

    @property
    def default_prefix(self) -> Path:
        """The kind, and the pod or node."""
        return Path.of(self.KIND, self._here())

    def build(self, env: "Env", bind: Bind) -> TreeTransform:
        """See `TransformerConfig.build`.

        Raises: ValueError when the pod's environment does not say where it is.
        """
        here = self._here()
        if self.host_network:
            name = "MetadataFiltertingNameTreeTransformer"  # as linkerd spells it
            keep = keep_addresses(lambda address: dict(address.meta).get("nodeName") == here)
        else:
            name = "SubnetLocalTransformer"
            keep = keep_addresses(lambda address: _NODE.local(address.ip, here))
        return MapBound(name, self.full_prefix, keep)

    def _here(self) -> str:
        variable = "NODE_NAME" if self.host_network else "POD_IP"
        value = os.environ.get(variable)
        if not value:
            raise ValueError(_WANTED[variable])
        return value
