"""NameTree: names combined by fail-over (`|`) and by weighted traffic split (`&`).

Dtabs map prefixes to trees of paths; binding turns those into trees of bound names. The cases are
plain values for `match`; the functions below are their algebra. One law runs through all of it:
an Alt or Union of one tree means that tree, and of none means Neg.

Source: naming spec, sections 1.2 and 1.3 (text), 2.5 (simplify, evaluate), 9 (weight precision).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final, Generic, Protocol, TypeAlias, TypeVar

from linkerpy.naming.parser import Scanner, parse_all
from linkerpy.naming.path import Path, read_path

MAX_NESTING: Final = 50
"""Parentheses inside parentheses that a text may have. Far beyond use; it keeps every recursive
walk of a parsed tree, comparison included, within the interpreter's own limit."""

T_co = TypeVar("T_co", covariant=True)
A = TypeVar("A")
B = TypeVar("B")


class Showable(Protocol):
    """A value with a canonical text: a path, a bound name."""

    def show(self) -> str:
        """The text."""


@dataclass(frozen=True, slots=True)
class Leaf(Generic[T_co]):
    """A name."""

    value: T_co


@dataclass(frozen=True, slots=True)
class Alt(Generic[T_co]):
    """The first tree that is not Neg."""

    trees: "tuple[NameTree[T_co], ...]"


@dataclass(frozen=True, slots=True)
class Weighted(Generic[T_co]):
    """A tree and its share of a Union's traffic, relative to its siblings' weights.

    Raises: ValueError unless the weight is finite and not negative.
    """

    weight: float
    tree: "NameTree[T_co]"

    def __post_init__(self) -> None:
        if not 0 <= self.weight < math.inf:
            raise ValueError(f"a weight must be finite and not negative: {self.weight!r}")


@dataclass(frozen=True, slots=True)
class Union(Generic[T_co]):
    """All of the trees, sharing traffic by weight."""

    weighted: tuple[Weighted[T_co], ...]


@dataclass(frozen=True, slots=True)
class Fail:
    """A dead end that no alternative after it may take over."""


@dataclass(frozen=True, slots=True)
class Neg:
    """No such name; the next alternative is tried."""


@dataclass(frozen=True, slots=True)
class Empty:
    """The name exists and nobody lives there."""


NameTree: TypeAlias = Leaf[T_co] | Alt[T_co] | Union[T_co] | Fail | Neg | Empty

FAIL: Final = Fail()
NEG: Final = Neg()
EMPTY: Final = Empty()


def map(tree: NameTree[A], fn: Callable[[A], B]) -> NameTree[B]:  # noqa: A001 (used qualified)
    """The tree of the same shape with `fn` applied to every leaf's value."""
    match tree:
        case Leaf(value):
            return Leaf(fn(value))
        case Alt(trees):
            return Alt(tuple([map(child, fn) for child in trees]))
        case Union(weighted):
            return Union(tuple([Weighted(w.weight, map(w.tree, fn)) for w in weighted]))
        case _:
            return tree


def simplify(tree: NameTree[A]) -> NameTree[A]:
    """An equivalent tree without the branches that can never be taken. Idempotent.

    An Alt loses its Neg branches and all that follow a Fail; a Union loses Neg and Fail branches.
    """
    match _unwrap(tree):
        case Alt(trees):
            return _unwrap(Alt(_reachable(trees)))
        case Union(weighted):
            simpler = [Weighted(w.weight, simplify(w.tree)) for w in weighted]
            return _unwrap(Union(tuple([w for w in simpler if not isinstance(w.tree, Neg | Fail)])))
        case simple:
            return simple


def evaluate(tree: NameTree[A]) -> Fail | Neg | frozenset[A]:
    """The values this tree stands for, weights ignored."""
    match _unwrap(tree):
        case Leaf(value):
            return frozenset((value,))
        case Empty():
            return frozenset()
        case Alt(trees):
            results = (evaluate(child) for child in trees)
            return next((result for result in results if not isinstance(result, Neg)), NEG)
        case Union(weighted):
            found = [s for w in weighted if isinstance(s := evaluate(w.tree), frozenset)]
            return frozenset[A]().union(*found) if found else NEG
        case dead:
            return dead


def show(tree: NameTree[Showable], *, exact: bool = False) -> str:
    """The canonical text, with weights rounded to two decimals.

    `exact` prints the weights that this would change with as many digits as it takes for `parse`
    to give the same weight.
    """
    match _unwrap(tree):
        case Leaf(value):
            return value.show()
        case Alt(trees):
            return " | ".join([_show_within(child, (Alt,), exact) for child in trees])
        case Union(weighted):
            return " & ".join(
                [
                    _show_weight(w.weight, exact) + _show_within(w.tree, (Alt, Union), exact)
                    for w in weighted
                ]
            )
        case Fail():
            return "!"
        case Neg():
            return "~"
        case _:  # Empty
            return "$"


def parse(text: str) -> NameTree[Path]:
    """The tree that `text` spells.

    Raises: NameSyntaxError.
    """
    return parse_all(text, read_tree)


def read_tree(scanner: Scanner, depth: int = 0) -> NameTree[Path]:
    """The production `tree`, inside `depth` parentheses."""
    trees = [_read_union(scanner, depth)]
    while scanner.accept("|"):
        trees.append(_read_union(scanner, depth))
    return trees[0] if len(trees) == 1 else Alt(tuple(trees))


def _read_union(scanner: Scanner, depth: int) -> NameTree[Path]:
    weighted: list[Weighted[Path]] = []
    while not weighted or scanner.accept("&"):
        scanner.skip_space()
        weight = 1.0
        if scanner.at_weight():
            weight = scanner.weight()
            scanner.skip_space()
            scanner.expect("*")
            scanner.skip_space()
        weighted.append(Weighted(weight, _read_simple(scanner, depth)))
        scanner.skip_space()
    return weighted[0].tree if len(weighted) == 1 else Union(tuple(weighted))


def _read_simple(scanner: Scanner, depth: int) -> NameTree[Path]:
    match scanner.peek():
        case "/":
            return Leaf(read_path(scanner))
        case "(":
            if depth == MAX_NESTING:
                raise scanner.error(f"at most {MAX_NESTING} nested parentheses")
            scanner.expect("(")
            tree = read_tree(scanner, depth + 1)
            scanner.expect(")")
            return tree
    for char, tree in (("!", FAIL), ("~", NEG), ("$", EMPTY)):
        if scanner.accept(char):
            return tree
    raise scanner.error("simple")


def _unwrap(tree: NameTree[A]) -> NameTree[A]:
    """The tree without Alts and Unions of one child around it; Neg for one of none."""
    while True:
        match tree:
            case Alt((only,)) | Union((Weighted(_, only),)):
                tree = only
            case Alt(()) | Union(()):
                return NEG
            case _:
                return tree


def _reachable(trees: tuple[NameTree[A], ...]) -> tuple[NameTree[A], ...]:
    reachable: list[NameTree[A]] = []
    for tree in trees:
        simple = simplify(tree)
        if isinstance(simple, Neg):
            continue
        reachable.append(simple)
        if isinstance(simple, Fail):
            break
    return tuple(reachable)


def _show_within(tree: NameTree[Showable], enclosed: tuple[type, ...], exact: bool) -> str:
    text = show(tree, exact=exact)
    return f"({text})" if isinstance(_unwrap(tree), enclosed) else text


_CENT = Decimal("0.01")
_WIDE = Context(prec=320, rounding=ROUND_HALF_UP)  # every double, to the cent


def _show_weight(weight: float, exact: bool) -> str:
    if weight == 1.0:
        return ""
    number = Decimal(repr(abs(weight)))  # abs: a negative zero has no text
    rounded = number.quantize(_CENT, context=_WIDE)
    return f"{rounded if not exact or float(rounded) == weight else number:f}*"
