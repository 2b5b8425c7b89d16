"""Transformer `io.l5d.specificHost`: only the replicas on one machine.

Source: naming spec, sections 7 and 9 (IPv6 too).
"""

import socket
from typing import TYPE_CHECKING, ClassVar

from linkerpy.config.fields import Text
from linkerpy.naming.inet import literal
from linkerpy.naming.namer import TreeTransform
from linkerpy.naming.subnet import canonical
from linkerpy.naming.transform import MapBound, keep_addresses
from linkerpy.router.families import Bind, TransformerConfig

if TYPE_CHECKING:  # checking a file needs no network
    from linkerpy.router.env import Env


class SpecificHostConfig(TransformerConfig):
    """Keeps replicas at the first address of `host`, which is resolved once at the start."""

    KIND: ClassVar[str] = "io.l5d.specificHost"

    host: Text
    """The machine, by name or address."""

    def build(self, env: "Env", bind: Bind) -> TreeTransform:
        """See `TransformerConfig.build`.

        Raises: ValueError when `host` cannot be resolved. Waits for the answer: until there is
        one, nothing could be routed right.
        """
        host = canonical(literal(self.host) or _resolve(self.host))
        keep = keep_addresses(lambda address: canonical(address.ip) == host)
        return MapBound("SubnetLocalTransformer", self.full_prefix, keep)


def _resolve(host: str) -> str:
    try:
        return str(socket.getaddrinfo(host, None)[0][4][0])
    except (OSError, UnicodeError) as error:
        raise ValueError(f"io.l5d.specificHost: cannot resolve host {host}: {error}") from error
