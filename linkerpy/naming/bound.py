"""Bound: a name that needs no further look-up.

Source: naming spec, terms; discovery spec, 0.1 (id rule).
"""

from dataclasses import dataclass, field

from linkerpy.core.var import Var
from linkerpy.naming.addr import Addr
from linkerpy.naming.path import EMPTY, Path


@dataclass(frozen=True, slots=True)
class Bound:
    """The id, the unconsumed rest of the path, and the replicas.

    Looking the id up again gives the same bound name. Two bound names are equal when id and
    residual are: the replicas are observed, not compared.
    """

    id: Path
    addr: Var[Addr] = field(compare=False, repr=False)
    residual: Path = EMPTY

    def show(self) -> str:
        """`id`, or `id[residual]` when some of the path is left."""
        return self.id.show() + (f"[{self.residual.show()}]" if self.residual.elems else "")
