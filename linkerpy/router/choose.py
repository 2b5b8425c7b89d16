"""Choosing a branch of a bound tree, anew for each attempt.

Source: naming spec, section 2.6.
"""

from collections.abc import Callable
from random import Random
from typing import Any

from linkerpy.naming.bound import Bound
from linkerpy.naming.namer import BoundTree
from linkerpy.naming.nametree import Leaf, Union


class Branch:
    """A leaf of a bound tree; remembers the cache entry that serves it."""

    __slots__ = ("bound", "entry")

    def __init__(self, bound: Bound) -> None:
        self.bound = bound
        self.entry: Any = None


_GOLDEN = (5**0.5 - 1) / 2

Choose = Callable[[], Branch | None]
"""Draws a branch; None where the tree leads nowhere."""


def chooser(tree: BoundTree, random: Random) -> Choose:
    """A function that draws among the tree's branches by their weights.

    A union whose weights are all zero is drawn from evenly. The draw does not ask whether a branch
    is healthy: that share of the traffic was promised to it.
    """
    match tree:
        case Leaf(bound):
            branch = Branch(bound)
            return lambda: branch
        case Union(weighted):
            children = [chooser(child.tree, random) for child in weighted]
            weights = [child.weight for child in weighted]
            if not any(weights):
                weights = [1.0] * len(children)
            return _weighted(children, weights, random)
        case _:
            return lambda: None


def _weighted(children: list[Choose], weights: list[float], random: Random) -> Choose:
    total = sum(weights)
    # Steps of the golden section from a random start spread evenly at any length, where draws of
    # their own would be off by the square root of their number. Source: Weyl, 1916.
    at = random.random()
    # A branch without weight is never drawn beside one that has some, not even by rounding.
    shares = [(child, weight) for child, weight in zip(children, weights, strict=True) if weight]
    last = shares[-1][0]

    def choose() -> Branch | None:
        nonlocal at
        at = (at + _GOLDEN) % 1.0
        point = at * total
        for child, weight in shares:
            point -= weight
            if point < 0:
                return child()
        return last()

    return choose
