"""Delegation: how a name is bound, step by step, with all the ways not taken.

For the delegator pages and `linkerpy explain`. Unlike binding it follows every branch, and what
goes wrong in one becomes a node. It must not know how a tree is drawn.

Source: naming spec, section 6.1.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol, TypeAlias, runtime_checkable

from linkerpy.core.activity import PENDING, Activity, Failed, Ok, State
from linkerpy.core.computed import Read, computed_activity
from linkerpy.core.errors import BindingFailed
from linkerpy.core.steps import Step, run_steps
from linkerpy.naming import nametree
from linkerpy.naming.addr import Addr, AddrPending
from linkerpy.naming.bound import Bound
from linkerpy.naming.dtab import Dentry, Dtab
from linkerpy.naming.namer import LookupTree
from linkerpy.naming.path import EMPTY as NO_PATH
from linkerpy.naming.path import Path

MAX_DEPTH: Final = 100
"""Look-ups in one chain."""

MAX_NODES_DEEP: Final = 250
"""Look-ups, alternatives and unions inside each other: the answer must fit a JSON encoder's stack.
"""

MAX_LOOKUPS: Final = 2000
"""Look-ups for one tree; see the interpreter's limit of the same name."""


@dataclass(frozen=True, slots=True)
class Neg:
    """No such name. `path` is empty where a dentry itself says so."""

    path: Path
    dentry: Dentry | None


@dataclass(frozen=True, slots=True)
class Fail:
    """A dead end that no alternative takes over."""

    path: Path
    dentry: Dentry | None


@dataclass(frozen=True, slots=True)
class Empty:
    """A name at which nobody lives."""

    path: Path
    dentry: Dentry | None


@dataclass(frozen=True, slots=True)
class Error:
    """A look-up that failed."""

    path: Path
    dentry: Dentry | None
    message: str


@dataclass(frozen=True, slots=True)
class Delegate:
    """A name that a single dentry rewrites."""

    path: Path
    dentry: Dentry | None
    tree: "DelegateTree"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A bound name, and its replicas when it was asked."""

    path: Path
    dentry: Dentry | None
    bound: Bound
    addr: Addr


@dataclass(frozen=True, slots=True)
class Alt:
    """Alternatives, the first one preferred."""

    path: Path
    dentry: Dentry | None
    trees: "tuple[DelegateTree, ...]"


@dataclass(frozen=True, slots=True)
class Union:
    """Names that share traffic by weight."""

    path: Path
    dentry: Dentry | None
    weighted: "tuple[tuple[float, DelegateTree], ...]"


@dataclass(frozen=True, slots=True)
class Transformation:
    """A bound name that the transformer `name` changes into `tree`."""

    path: Path
    dentry: Dentry | None
    name: str
    before: Leaf
    tree: "DelegateTree"


DelegateTree: TypeAlias = (
    Neg | Fail | Empty | Error | Delegate | Leaf | Alt | Union | Transformation
)


@runtime_checkable
class Delegator(Protocol):
    """An interpreter that can explain itself."""

    def delegate(self, dtab: Dtab, path: Path) -> Activity[DelegateTree]:
        """How `path` is bound under the interpreter's own dtab followed by `dtab`.

        Pending until every look-up and every leaf's address has had its first answer: to ask
        once, take the `first` state.
        """


Lookup = Callable[[Path, Read], State[LookupTree]]
"""One step outside the dtab."""


def explain(dtab: Dtab, path: Path, lookup: Lookup) -> Activity[DelegateTree]:
    """See `Delegator.delegate`.

    Fails with BindingFailed where a limit is passed that no branch can be blamed for.
    """

    def explaining(read: Read) -> State[DelegateTree]:
        walk = _Walk(dtab, lookup, read)
        tree = run_steps(walk.name(path, None, 1, 1))
        return PENDING if walk.pending else Ok(tree)

    return computed_activity(explaining)


class _TooDeep(BindingFailed):
    """A chain is longer than any that could be bound."""


class _Walk:
    """One run of the computation that explains one name.

    `hops` counts the look-ups that led to where the walk is, `deep` the nodes around it.
    """

    def __init__(self, dtab: Dtab, lookup: Lookup, read: Read) -> None:
        self.pending = False
        self._dtab = dtab
        self._lookup = lookup
        self._read = read
        self._lookups = 0

    def name(self, path: Path, dentry: Dentry | None, hops: int, deep: int) -> Step[DelegateTree]:
        """What becomes of `path`, to which `dentry` led."""
        self._lookups += 1
        if self._lookups > MAX_LOOKUPS:
            raise BindingFailed(f"Max lookups: {MAX_LOOKUPS} reached.")
        if hops > MAX_DEPTH or deep > MAX_NODES_DEEP:
            raise _TooDeep("Max recursion level reached.")
        matches = self._dtab.matches(path)
        if not matches:
            return (yield self._named(path, dentry, hops, deep))
        if len(matches) == 1:
            matched, tree = matches[0]
            return _delegate(path, dentry, (yield self._match(tree, path, matched, hops, deep)))
        nodes: list[DelegateTree] = []
        for matched, tree in matches:
            match = self._match(tree, path, matched, hops, deep)
            nodes.append((yield self._branch(match, tree, path, matched)))
        return _alt(path, dentry, nodes)

    def _match(
        self, tree: LookupTree, path: Path, dentry: Dentry, hops: int, deep: int
    ) -> Step[DelegateTree]:
        """The node for the tree of a dentry that `path` matches."""
        if isinstance(tree, nametree.Neg):
            return Neg(NO_PATH, dentry)
        return (yield self._tree(tree, path, dentry, hops, deep + 1))

    def _named(self, path: Path, dentry: Dentry | None, hops: int, deep: int) -> Step[DelegateTree]:
        """What the namers make of `path`; their rewriting is not a node of its own."""
        state = self._lookup(path, self._read)
        if isinstance(state, Failed):
            return Error(path, dentry, _text(state.error))
        if not isinstance(state, Ok):
            self.pending = True
            return Neg(path, dentry)
        return (yield self._tree(state.value, path, dentry, hops, deep))

    def _tree(
        self, tree: LookupTree, path: Path, dentry: Dentry | None, hops: int, deep: int
    ) -> Step[DelegateTree]:
        """The node for a tree that `path` was looked up to."""
        match tree:
            case nametree.Leaf(Path() as further):
                return (yield self.name(further, dentry, hops + 1, deep))
            case nametree.Leaf(Bound() as bound):
                return self._leaf(path, dentry, bound)
            case nametree.Alt(trees):
                nodes = []
                for child in trees:
                    step = self._tree(child, path, dentry, hops, deep + 1)
                    nodes.append((yield self._branch(step, child, path, dentry)))
                return _alt(path, dentry, nodes)
            case nametree.Union(weighted):
                shares = []
                for w in weighted:
                    step = self._tree(w.tree, path, dentry, hops, deep + 1)
                    shares.append((w.weight, (yield self._branch(step, w.tree, path, dentry))))
                return _union(path, dentry, shares)
            case nametree.Fail():
                return Fail(path, dentry)
            case nametree.Empty():
                return Empty(path, dentry)
            case _:
                return Neg(path, dentry)

    def _branch(
        self, step: Step[DelegateTree], tree: LookupTree, path: Path, dentry: Dentry | None
    ) -> Step[DelegateTree]:
        """`step` for `tree`, one of several: its depth must not cost the others."""
        try:
            return (yield step)
        except _TooDeep as error:
            at = tree.value if isinstance(tree, nametree.Leaf) else path
            return Error(at if isinstance(at, Path) else path, dentry, _text(error))

    def _leaf(self, path: Path, dentry: Dentry | None, bound: Bound) -> Leaf:
        addr = self._read(("addr", bound.id), lambda: bound.addr)
        self.pending = self.pending or isinstance(addr, AddrPending)
        return Leaf(path, dentry, bound, addr)


def _text(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _delegate(path: Path, dentry: Dentry | None, tree: DelegateTree) -> DelegateTree:
    """A name and its only branch; one node if both are about the same path and it goes on."""
    if tree.path == path and not isinstance(tree, Neg | Fail | Empty):
        return replace(tree, dentry=dentry)
    return Delegate(path, dentry, tree)


def _alt(path: Path, dentry: Dentry | None, trees: list[DelegateTree]) -> DelegateTree:
    """Alternatives; those of the same path that they contain come into their place."""
    flat: list[DelegateTree] = []
    for tree in trees:
        if isinstance(tree, Alt) and tree.path == path:
            flat += tree.trees
        else:
            flat.append(tree)
    if len(flat) > 1:
        return Alt(path, dentry, tuple(flat))
    return _delegate(path, dentry, flat[0]) if flat else Neg(path, dentry)


def _union(
    path: Path, dentry: Dentry | None, shares: list[tuple[float, DelegateTree]]
) -> DelegateTree:
    if len(shares) > 1:
        return Union(path, dentry, tuple(shares))
    return _delegate(path, dentry, shares[0][1]) if shares else Neg(path, dentry)
