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


class H2HeaderConfig(KindModel):
    """The value of a header, read as a path."""

    KIND: ClassVar[str] = "io.l5d.header"
    NOT_YET: ClassVar[str] = "HTTP/2"

    header: Text = "l5d-name"


class H2MethodAndHostConfig(KindModel):
    """Version, method, authority, and the path if wanted."""

    KIND: ClassVar[str] = "io.l5d.methodAndHost"
    NOT_YET: ClassVar[str] = "HTTP/2"

    http_uri_in_dst: Flag = False


class H2PathConfig(KindModel):
    """The first segments of the path."""

    KIND: ClassVar[str] = "io.l5d.path"
    NOT_YET: ClassVar[str] = "HTTP/2"

    segments: Positive = 1
    consume: Flag = False


class H2StaticConfig(KindModel):
    """The same name for every request."""

    KIND: ClassVar[str] = "io.l5d.static"
    NOT_YET: ClassVar[str] = "HTTP/2"
    NEEDS: ClassVar[dict[str, str]] = {"path": "path is required"}

    path: PathField
