"""Identifiers of HTTP/2 that HTTP/1 has too: the same names from the same keys.

Source: config spec, sections 14 and 21.
"""

from typing import ClassVar

from linkerpy.config.fields import Flag, PathField, Positive, Text
from linkerpy.config.model import KindModel


class H2HeaderTokenConfig(KindModel):
    """The value of a header as one segment."""

    KIND: ClassVar[str] = "io.l5d.header.token"
    NOT_YET: ClassVar[str] = "HTTP/2"

    header: Text = ":authority"
    """The header with the name, in lower case."""


class H2HeaderConfig(KindModel):
    """The value of a header, read as a path."""

    KIND: ClassVar[str] = "io.l5d.header"
    NOT_YET: ClassVar[str] = "HTTP/2"

    header: Text = "l5d-name"
    """The header with the path, in lower case."""


class H2MethodAndHostConfig(KindModel):
    """Version, method, authority, and the path if wanted."""

    KIND: ClassVar[str] = "io.l5d.methodAndHost"
    NOT_YET: ClassVar[str] = "HTTP/2"

    http_uri_in_dst: Flag = False
    """Whether the path of the URI is put behind it."""


class H2PathConfig(KindModel):
    """The first segments of the path."""

    KIND: ClassVar[str] = "io.l5d.path"
    NOT_YET: ClassVar[str] = "HTTP/2"

    segments: Positive = 1
    """How many segments make the name."""
    consume: Flag = False
    """Whether the segments are taken off the path that is sent on."""


class H2StaticConfig(KindModel):
    """The same name for every request."""

    KIND: ClassVar[str] = "io.l5d.static"
    NOT_YET: ClassVar[str] = "HTTP/2"
    NEEDS: ClassVar[dict[str, str]] = {"path": "path is required"}

    path: PathField
    """What follows the router's `dstPrefix`."""
