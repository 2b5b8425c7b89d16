"""Identifier `io.l5d.header`: the value of a header, read as a path.

Source: config spec, section 14.
"""

from typing import ClassVar

from linkerpy.config.fields import Text
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.path import Path
from linkerpy.protocol.http.config import IdentifierConfig
from linkerpy.protocol.http.identify import Header, Identifier


class HeaderConfig(IdentifierConfig):
    """A value that is no path is the request's error: no other identifier is asked."""

    KIND: ClassVar[str] = "io.l5d.header"

    header: Text = "l5d-name"
    """The header with the path."""

    def build(self, prefix: Path, base_dtab: Dtab) -> Identifier:
        """The identifier."""
        return Header(header=self.header, prefix=prefix)
