"""Identifier `io.l5d.methodAndHost`: version, method, host, and the URI's path if wanted.

Source: config spec, section 14.
"""

from typing import ClassVar

from linkerpy.config.fields import Flag
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.path import Path
from linkerpy.protocol.http.config import IdentifierConfig
from linkerpy.protocol.http.identify import Identifier, MethodAndHost


class MethodAndHostConfig(IdentifierConfig):
    """The host is lower-cased; HTTP/1.0 requests have none."""

    KIND: ClassVar[str] = "io.l5d.methodAndHost"

    http_uri_in_dst: Flag = False
    """Whether the URI's path ends the name."""

    def build(self, prefix: Path, base_dtab: Dtab) -> Identifier:
        """The identifier."""
        return MethodAndHost(uri_in_dst=self.http_uri_in_dst, prefix=prefix)
