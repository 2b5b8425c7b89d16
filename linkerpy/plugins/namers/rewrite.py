"""Namer `io.l5d.rewrite`: makes one name of another by a pattern.

Source: naming spec, section 3.6.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from linkerpy.config.fields import PathField, PatternField, Text
from linkerpy.core.activity import Activity
from linkerpy.naming.namer import LookupTree, Namer
from linkerpy.naming.nametree import NEG, Leaf
from linkerpy.naming.path import Path
from linkerpy.naming.pattern import PathPattern, substitute
from linkerpy.router.families import NamerConfig

if TYPE_CHECKING:  # checking a file needs no network
    from linkerpy.router.env import Env


class RewriteConfig(NamerConfig):
    """Names that match `pattern` are looked up further as `name`, captures filled in."""

    KIND: ClassVar[str] = "io.l5d.rewrite"
    LOCAL: ClassVar[bool] = True
    NEEDS: ClassVar[dict[str, str]] = {
        "prefix": "The 'prefix' property is required for the io.l5d.rewrite namer."
    }

    prefix: PathField
    """What its names begin with, after `/#`."""
    pattern: PatternField
    """Which names, with captures such as `{service}`."""
    name: Text
    """What they become, captures filled in."""

    def build(self, env: "Env") -> Namer:
        """See `NamerConfig.build`."""
        return RewriteNamer(self.pattern, self.name)


@dataclass(frozen=True, slots=True)
class RewriteNamer:
    """Drops what follows the pattern; a `name` that is no path when filled in is a failure."""

    pattern: PathPattern
    name: str

    def lookup(self, path: Path) -> Activity[LookupTree]:
        """See `Namer.lookup`."""
        captures = self.pattern.match(path)
        if captures is None:
            return Activity.value(NEG)
        try:
            return Activity.value(Leaf(Path.parse(substitute(self.name, captures))))
        except ValueError as error:
            return Activity.failed(error)
