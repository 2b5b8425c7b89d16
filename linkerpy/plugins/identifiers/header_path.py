"""Identifier `io.l5d.header.path` of HTTP/2: the first segments of a header's path.

Source: config spec, section 14.
"""

from typing import Annotated, ClassVar

from pydantic import AfterValidator

from linkerpy.config.fields import Text
from linkerpy.config.model import KindModel


def _some(segments: int) -> int:
    if segments < 1:
        raise ValueError("`segments` must be >= 1")
    return segments


class HeaderPathConfig(KindModel):
    """Without `segments` the whole path, up to a `?`."""

    KIND: ClassVar[str] = "io.l5d.header.path"
    NOT_YET: ClassVar[str] = "HTTP/2"

    header: Text = ":path"
    """The header with the path, in lower case."""
    segments: Annotated[int, AfterValidator(_some)] | None = None
    """How many segments make the name; None is all of them."""
