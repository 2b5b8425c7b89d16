"""Namer and Interpreter: who looks a name up.

A namer answers for one path, from one source of names. An interpreter answers for a path under a
dtab, by rewriting until every leaf is bound. Both answer with activities: the answer changes when
the world does.

Source: naming spec, sections 2.3 and 2.8.
"""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from linkerpy.core.activity import Activity
from linkerpy.naming.bound import Bound
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.nametree import NameTree
from linkerpy.naming.path import Path

BoundTree = NameTree[Bound]
LookupTree = NameTree[Path | Bound]


class Namer(Protocol):
    """Answers look-ups below its prefix."""

    def lookup(self, path: Path) -> Activity[LookupTree]:
        """The tree for `path`, which comes without the namer's prefix.

        Leaves are bound names, or paths to look up further. Nothing known is `Neg`.
        """


@runtime_checkable
class Enumerable(Protocol):
    """A namer that can say which names it knows."""

    def names(self) -> Activity[frozenset[Path]]:
        """The ids this namer could bind at present."""


class Interpreter(Protocol):
    """Binds names."""

    def bind(self, dtab: Dtab, path: Path) -> Activity[BoundTree]:
        """What `path` is bound to under the interpreter's own dtab followed by `dtab`."""


PrefixedNamer = tuple[Path, Namer]
"""A namer and the whole prefix it answers for, `/#/…` included."""

TreeTransform = Callable[[BoundTree], Activity[BoundTree]]
"""A transformer's work on a bound tree."""
