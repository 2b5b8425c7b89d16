"""Transformer `io.l5d.const`: one name in the place of whatever was bound.

Source: naming spec, section 7.
"""

from typing import TYPE_CHECKING, ClassVar

from linkerpy.config.fields import PathField
from linkerpy.naming.namer import TreeTransform
from linkerpy.naming.transform import constant
from linkerpy.router.families import Bind, TransformerConfig

if TYPE_CHECKING:  # checking a file needs no network
    from linkerpy.router.env import Env


class ConstConfig(TransformerConfig):
    """Binds `path` instead, dead ends included."""

    KIND: ClassVar[str] = "io.l5d.const"

    delegates: ClassVar[bool] = False

    path: PathField
    """The name that is bound instead."""

    def build(self, env: "Env", bind: Bind) -> TreeTransform:
        """See `TransformerConfig.build`."""
        return constant(self.path, self.full_prefix, bind)
