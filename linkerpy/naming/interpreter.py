"""DtabInterpreter: binds a name by rewriting it until every leaf is bound.

A step looks a path up in the dtab, else in the configured namers, else in the system namer. All
steps for a name are one computation: it is run again when an answer it used changes, and only a
result that differs is told.

The steps are generators that a loop runs, not nested calls: a hundred rewrites must not exhaust
the stack, however deep it is where a name is asked for.

Source: naming spec, sections 2.3 to 2.5.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, cast

from linkerpy.core.activity import PENDING, Activity, Failed, Ok, Pending, State
from linkerpy.core.computed import Read, computed_activity
from linkerpy.core.errors import BindingFailed
from linkerpy.core.steps import Step, run_steps
from linkerpy.core.var import Source, Var
from linkerpy.naming.bound import Bound
from linkerpy.naming.delegate import DelegateTree, explain
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.namer import BoundTree, Enumerable, LookupTree, Namer, PrefixedNamer
from linkerpy.naming.nametree import MAX_NESTING, NEG, Alt, Fail, Leaf, Neg, Union, Weighted, show
from linkerpy.naming.path import Path

MAX_DEPTH: Final = 100
"""Look-ups in one chain."""

MAX_LOOKUPS: Final = 2000
"""Look-ups for one name, all branches together. Far beyond use; branches that multiply at each
step would otherwise keep the process busy for ever."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A branch of a Union that takes no traffic because it is pending or has failed."""

    name: Path
    """The name that was to be bound."""
    branch: str
    """The branch as text, before binding."""
    state: Pending | Failed


class DtabInterpreter:
    """Binds names by dtab, by the namers in file order (a later one is asked first), by `system`.

    The namers' prefixes are whole (`/#/…`); `system` is given whole paths. `on_dropped` hears of
    each branch that a Union goes without, once until the branch is back.
    """

    def __init__(
        self,
        namers: Sequence[PrefixedNamer],
        system: Namer,
        on_dropped: Callable[[Dropped], None] = lambda dropped: None,
    ) -> None:
        self._namers = tuple(reversed(namers))
        self._system = system
        self._on_dropped = on_dropped

    def bind(self, dtab: Dtab, path: Path) -> Activity[BoundTree]:
        """See `Interpreter.bind`. Fails with BindingFailed where one of the limits is passed."""
        known: set[Dropped] = set()

        def binding(read: Read) -> State[BoundTree]:
            walk = _Walk(self, dtab, path, read)
            state = run_steps(walk.bind(Leaf(path), 0))
            for dropped in walk.dropped:
                if dropped not in known:
                    self._on_dropped(dropped)
            known.clear()
            known.update(walk.dropped)
            if isinstance(state, Ok) and _nesting(state.value) > MAX_NESTING:
                text = f"Max nesting: {MAX_NESTING} unions in each other reached in Namer lookup"
                return Failed(BindingFailed(text))
            return state

        return computed_activity(binding).dedup()

    def delegate(self, dtab: Dtab, path: Path) -> Activity[DelegateTree]:
        """See `Delegator.delegate`."""
        return explain(dtab, path, self.lookup)

    def lookup(self, path: Path, read: Read) -> State[LookupTree]:
        """One step outside the dtab: the namers that know the prefix, then the system namer."""
        for index, (prefix, namer) in enumerate(self._namers):
            if not path.starts_with(prefix):
                continue
            state = read((index, path), _asking(namer, path.drop(len(prefix))))
            if not (isinstance(state, Ok) and isinstance(state.value, Neg)):
                return state
        return read((None, path), _asking(self._system, path))

    def names(self) -> Activity[frozenset[Path]]:
        """The ids that the namers which can enumerate could bind at present."""

        def known(read: Read) -> State[frozenset[Path]]:
            found: set[Path] = set()
            for index, (_, namer) in enumerate(self._namers):
                if isinstance(namer, Enumerable):
                    state = read(index, _enumerating(namer))
                    if isinstance(state, Ok):
                        found |= state.value
            return Ok(frozenset(found))

        return computed_activity(known).dedup()


def _asking(namer: Namer, path: Path) -> Callable[[], Var[State[LookupTree]]]:
    def ask() -> Var[State[LookupTree]]:
        try:
            return namer.lookup(path).states
        except Exception as error:  # noqa: BLE001 - it is this branch's answer
            return Source[State[LookupTree]](Failed(error))

    return ask


def _enumerating(namer: Enumerable) -> Callable[[], Var[State[frozenset[Path]]]]:
    return lambda: namer.names().states


class _Walk:
    """One run of the computation that binds one name."""

    def __init__(self, interpreter: DtabInterpreter, dtab: Dtab, name: Path, read: Read) -> None:
        self.dropped: list[Dropped] = []
        self._interpreter = interpreter
        self._dtab = dtab
        self._name = name
        self._read = read
        self._lookups = 0

    def bind(self, tree: LookupTree, depth: int) -> Step[State[BoundTree]]:
        """The bound tree for `tree`, which `depth` look-ups led to."""
        if depth > MAX_DEPTH:
            text = f"Max recursion level: {MAX_DEPTH} reached in Namer lookup"
            return Failed(BindingFailed(text))
        match tree:
            case Leaf(Path() as path):
                state = self._lookup(path)
                if not isinstance(state, Ok):
                    return state
                return (yield self.bind(state.value, depth + 1))
            case Alt((only,)) | Union((Weighted(_, only),)):
                return (yield self.bind(only, depth))
            case Alt(trees):
                return (yield self._first(trees, depth))
            case Union(weighted):
                return (yield self._all(weighted, depth))
            case _:
                return Ok(cast("BoundTree", tree))

    def _lookup(self, path: Path) -> State[LookupTree]:
        self._lookups += 1
        if self._lookups > MAX_LOOKUPS:
            raise BindingFailed(f"Max lookups: {MAX_LOOKUPS} reached in Namer lookup")
        tree = self._dtab.lookup(path)
        if isinstance(tree, Neg):
            return self._interpreter.lookup(path, self._read)
        return Ok(tree)

    def _first(self, trees: tuple[LookupTree, ...], depth: int) -> Step[State[BoundTree]]:
        for tree in trees:
            state = yield self.bind(tree, depth)
            if not (isinstance(state, Ok) and isinstance(state.value, Neg)):
                return state  # no fail-over past what is pending or has failed
        return Ok(NEG)

    def _all(
        self, weighted: tuple[Weighted[Path | Bound], ...], depth: int
    ) -> Step[State[BoundTree]]:
        good: list[Weighted[Bound]] = []
        bad: list[tuple[LookupTree, Pending | Failed]] = []
        for branch in weighted:
            state = yield self.bind(branch.tree, depth)
            if isinstance(state, Ok):
                good.append(Weighted(branch.weight, state.value))
            else:
                bad.append((branch.tree, state))
        if not good and weighted:
            failures = [state for _, state in bad if isinstance(state, Failed)]
            return failures[0] if failures else PENDING
        self.dropped += [Dropped(self._name, show(tree), state) for tree, state in bad]
        return Ok(_union(good))


def _union(weighted: list[Weighted[Bound]]) -> BoundTree:
    """The simplified Union of trees that are simple themselves."""
    alive = [branch for branch in weighted if not isinstance(branch.tree, Neg | Fail)]
    if len(alive) > 1:
        return Union(tuple(alive))
    return alive[0].tree if alive else NEG


def _nesting(tree: BoundTree) -> int:
    """How many Unions enclose the tree's deepest leaf."""
    level, nesting = [tree], 0
    while level := [w.tree for t in level if isinstance(t, Union) for w in t.weighted]:
        nesting += 1
    return nesting
