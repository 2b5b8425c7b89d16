"""Transformer `io.l5d.replace`: one name in the place of every bound name.

Source: naming spec, section 7.
"""

from typing import TYPE_CHECKING, ClassVar

from linkerpy.config.fields import PathField
from linkerpy.naming.namer import TreeTransform
from linkerpy.naming.transform import replace
from linkerpy.router.families import Bind, TransformerConfig

if TYPE_CHECKING:  # checking a file needs no network
    from linkerpy.router.env import Env


class ReplaceConfig(TransformerConfig):
    """Binds `path` for each bound name; dead ends stay."""

    KIND: ClassVar[str] = "io.l5d.replace"

    delegates: ClassVar[bool] = False

    path: PathField
    """The name that is bound instead."""

    def build(self, env: "Env", bind: Bind) -> TreeTransform:
        """See `TransformerConfig.build`."""
        return replace(self.path, self.full_prefix, bind)
