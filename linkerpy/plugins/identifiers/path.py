"""Identifier `io.l5d.path`: the first segments of the URL's path.

Source: config spec, section 14.
"""

from typing import ClassVar

from linkerpy.config.fields import Flag, Positive
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.path import Path
from linkerpy.protocol.http.config import IdentifierConfig
from linkerpy.protocol.http.identify import Identifier, PathSegments


class PathConfig(IdentifierConfig):
    """A path with fewer segments is not identified."""

    KIND: ClassVar[str] = "io.l5d.path"

    segments: Positive = 1
    """How many segments make the name."""
    consume: Flag = False
    """Whether the segments are taken off the URI that is sent on."""

    def build(self, prefix: Path, base_dtab: Dtab) -> Identifier:
        """The identifier."""
        return PathSegments(segments=self.segments, consume=self.consume, prefix=prefix)
