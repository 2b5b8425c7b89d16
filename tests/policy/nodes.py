"""Nodes for balancers under test."""

from collections import Counter
from dataclasses import dataclass

from linkerpy.policy.balance import OPEN


@dataclass(eq=False)
class Node:
    """An endpoint as balancers see it, which does nothing."""

    load: int = 0
    status: int = OPEN
    weight: float = 1.0
    name: str = ""


class Time:
    """Seconds that pass when the test says so."""

    def __init__(self, now=1000.0):
        self.now = now

    def __call__(self):
        return self.now


def shares(balancer, nodes, picks):
    """The share of `picks` that each node gets."""
    picked = Counter(id(balancer.pick()) for _ in range(picks))
    return [picked[id(node)] / picks for node in nodes]


def events():
    """A `Count` and what it has counted."""
    counted = Counter()
    return (lambda event: counted.update([event])), counted
