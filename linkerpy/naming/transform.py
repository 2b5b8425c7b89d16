"""Transformers: what changes a bound tree on its way out of a namer or an interpreter.

`MapBound` is the kind that changes names one by one, and so can be explained; `replace` and
`constant` put another binding in their place. `transform_namer` and `transform_interpreter` put
transformers in front.

Source: naming spec, section 7.
"""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

from linkerpy.core.activity import Activity
from linkerpy.core.var import map_var
from linkerpy.naming import delegate, nametree
from linkerpy.naming.addr import ADDR_NEG, Addr, AddrBound, Address
from linkerpy.naming.bound import Bound
from linkerpy.naming.delegate import Delegate, DelegateTree, Delegator, Transformation
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.namer import BoundTree, Interpreter, LookupTree, Namer, TreeTransform
from linkerpy.naming.nametree import Alt, Leaf, Union
from linkerpy.naming.path import Path

Bind = Callable[[Path], Activity[BoundTree]]


@dataclass(frozen=True, slots=True)
class MapBound:
    """Changes the replicas of each bound name, whose id gets `prefix` in front.

    Only known replicas are changed; `name` is what explanations call the transformer.
    """

    name: str
    prefix: Path
    change: Callable[[AddrBound], Addr]

    def __call__(self, tree: BoundTree) -> Activity[BoundTree]:
        """See `TreeTransform`."""
        return Activity.value(nametree.map(tree, self.bound))

    def bound(self, before: Bound) -> Bound:
        """The name that takes the place of `before`."""
        return Bound(self.prefix + before.id, map_var(before.addr, self.addr), before.residual)

    def addr(self, before: Addr) -> Addr:
        """The replicas that take the place of `before`."""
        return self.change(before) if isinstance(before, AddrBound) else before

    def explain(self, tree: DelegateTree) -> DelegateTree:
        """`tree` with the transformation of each bound name shown."""
        match tree:
            case delegate.Leaf(path, dentry, bound, addr):
                after = delegate.Leaf(path, dentry, self.bound(bound), self.addr(addr))
                return Transformation(path, dentry, self.name, tree, after)
            case Transformation(tree=after):
                return dataclasses.replace(tree, tree=self.explain(after))
            case Delegate(tree=child):
                return dataclasses.replace(tree, tree=self.explain(child))
            case delegate.Alt(trees=trees):
                return dataclasses.replace(tree, trees=tuple(map(self.explain, trees)))
            case delegate.Union(weighted=weighted):
                shares = tuple([(weight, self.explain(child)) for weight, child in weighted])
                return dataclasses.replace(tree, weighted=shares)
            case _:
                return tree


def keep_addresses(keep: Callable[[Address], bool]) -> Callable[[AddrBound], Addr]:
    """The change that keeps some replicas. If none is left, the name has no replica set."""

    def kept(addr: AddrBound) -> Addr:
        addresses = frozenset(address for address in addr.addresses if keep(address))
        return AddrBound(addresses, addr.meta) if addresses else ADDR_NEG

    return kept


def change_addresses(change: Callable[[Address], Address]) -> Callable[[AddrBound], Addr]:
    """The change that makes each replica another; what comes out equal is one."""
    return lambda addr: AddrBound(frozenset(map(change, addr.addresses)), addr.meta)


def constant(path: Path, prefix: Path, bind: Bind) -> TreeTransform:
    """The binding of `path`, whatever the tree. Each of its names keeps an id of its own."""
    return lambda _tree: bind(path).map(partial(_prefixed, prefix))


def replace(path: Path, prefix: Path, bind: Bind) -> TreeTransform:
    """The binding of `path` in the place of every bound name; dead ends stay."""

    def transform(tree: BoundTree) -> Activity[BoundTree]:
        if not _leaves(tree):
            return Activity.value(tree)

        def grafted(binding: BoundTree) -> BoundTree:
            return nametree.simplify(_graft(tree, _prefixed(prefix, binding)))

        return bind(path).map(grafted)

    return transform


def _prefixed(prefix: Path, tree: BoundTree) -> BoundTree:
    return nametree.map(tree, lambda b: Bound(prefix + b.id, b.addr, b.residual))


def _graft(tree: BoundTree, scion: BoundTree) -> BoundTree:
    """`tree` with `scion` in the place of each leaf."""
    match tree:
        case Leaf():
            return scion
        case Union(weighted):
            branches = [nametree.Weighted(w.weight, _graft(w.tree, scion)) for w in weighted]
            return Union(tuple(branches))
        case Alt(trees):
            return Alt(tuple([_graft(child, scion) for child in trees]))
        case _:
            return tree


def _leaves(tree: LookupTree) -> list[Path | Bound]:
    """The values of all leaves."""
    leaves: list[Path | Bound] = []
    nametree.map(tree, leaves.append)
    return leaves


def chain(answer: Activity[BoundTree], transforms: Sequence[TreeTransform]) -> Activity[BoundTree]:
    """`answer` after all `transforms`, the first of them innermost."""
    for transform in transforms:
        answer = answer.flat_map(transform)
    return answer


class TransformedNamer:
    """A namer behind transformers. They see the answers of which every leaf is bound."""

    def __init__(self, namer: Namer, transforms: Sequence[TreeTransform]) -> None:
        self._namer = namer
        self._transforms = tuple(transforms)

    def lookup(self, path: Path) -> Activity[LookupTree]:
        """See `Namer.lookup`."""

        def transformed(tree: LookupTree) -> Activity[LookupTree]:
            if any(isinstance(leaf, Path) for leaf in _leaves(tree)):
                return Activity.value(tree)
            answer = chain(Activity.value(cast("BoundTree", tree)), self._transforms)
            return cast("Activity[LookupTree]", answer)

        return self._namer.lookup(path).flat_map(transformed)


def transform_namer(namer: Namer, transforms: Sequence[TreeTransform]) -> Namer:
    """`namer` behind `transforms`."""
    return TransformedNamer(namer, transforms) if transforms else namer


class TransformedInterpreter:
    """An interpreter behind transformers. They see the final tree, fail-over already decided."""

    def __init__(self, interpreter: Interpreter, transforms: Sequence[TreeTransform]) -> None:
        self._interpreter = interpreter
        self._transforms = tuple(transforms)

    def bind(self, dtab: Dtab, path: Path) -> Activity[BoundTree]:
        """See `Interpreter.bind`."""
        return chain(self._interpreter.bind(dtab, path), self._transforms).dedup()


class ExplainedInterpreter(TransformedInterpreter):
    """The same for transformers that change names one by one: a Delegator."""

    def __init__(
        self, interpreter: Interpreter, delegator: Delegator, changes: Sequence[MapBound]
    ) -> None:
        super().__init__(interpreter, changes)
        self._delegator = delegator
        self._changes = tuple(changes)

    def delegate(self, dtab: Dtab, path: Path) -> Activity[DelegateTree]:
        """See `Delegator.delegate`."""
        answer = self._delegator.delegate(dtab, path)
        for change in self._changes:
            answer = answer.map(change.explain)
        return answer


def transform_interpreter(
    interpreter: Interpreter, transforms: Sequence[TreeTransform]
) -> Interpreter:
    """`interpreter` behind `transforms`; a Delegator if it was one and every transform explains."""
    if not transforms:
        return interpreter
    changes = [transform for transform in transforms if isinstance(transform, MapBound)]
    if isinstance(interpreter, Delegator) and len(changes) == len(transforms):
        return ExplainedInterpreter(interpreter, interpreter, changes)
    return TransformedInterpreter(interpreter, transforms)
