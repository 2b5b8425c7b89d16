"""Identifier `io.l5d.header.token`: the value of a header as one segment.

Source: config spec, section 14.
"""

from typing import ClassVar

from linkerpy.config.fields import Text
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.path import Path
from linkerpy.protocol.http.config import IdentifierConfig
from linkerpy.protocol.http.identify import HeaderToken, Identifier


class HeaderTokenConfig(IdentifierConfig):
    """The value is taken as it is: case and port are kept."""

    KIND: ClassVar[str] = "io.l5d.header.token"

    header: Text = "Host"
    """The header with the segment."""

    def build(self, prefix: Path, base_dtab: Dtab) -> Identifier:
        """The identifier."""
        return HeaderToken(header=self.header, prefix=prefix)
