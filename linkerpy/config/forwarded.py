"""AddForwardedHeader: the `Forwarded` header that HTTP servers of both versions can add.

Source: config spec, section 10.1.
"""

from random import Random
from typing import Annotated, Any

from pydantic import Field

from linkerpy.config.kinds import KindOf
from linkerpy.config.model import KindModel, Model


class LabelerConfig(KindModel):
    """A labeler: what a `Forwarded` header calls one end of a connection."""

    def build(self, router: str, chance: Random) -> Any:
        """The labeler; `router` is the label of the router that it works for."""
        raise NotImplementedError(type(self).__name__)


class AddForwardedHeader(Model):
    """The header's two labels; None is a random one for each request."""

    by: Annotated[LabelerConfig, KindOf("labeler")] | None = None
    """What this end is called; None is `requestRandom`."""
    for_: Annotated[LabelerConfig, KindOf("labeler")] | None = Field(default=None, alias="for")
    """What the caller is called; None is `requestRandom`."""
