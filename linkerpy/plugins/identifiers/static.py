"""Identifier `io.l5d.static`: the same name for every request.

Source: config spec, section 14.
"""

from typing import ClassVar

from linkerpy.config.fields import PathField
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.path import Path
from linkerpy.protocol.http.config import IdentifierConfig
from linkerpy.protocol.http.identify import Identifier, Static


class StaticConfig(IdentifierConfig):
    """Every request has the name `path`."""

    KIND: ClassVar[str] = "io.l5d.static"
    NEEDS: ClassVar[dict[str, str]] = {"path": "path is required"}

    path: PathField
    """The name, after the router's `dstPrefix`."""

    def build(self, prefix: Path, base_dtab: Dtab) -> Identifier:
        """The identifier."""
        return Static(path=self.path, prefix=prefix)
