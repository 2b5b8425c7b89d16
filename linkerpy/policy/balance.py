"""Load balancing: which endpoint takes the next request.

Source: dataplane spec, section 3.5.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Generic, Protocol, TypeVar

OPEN, BUSY, CLOSED = range(3)
"""An endpoint's status, better first: takes requests, takes none at present, is gone."""


class Node(Protocol):
    """What a balancer sees of an endpoint."""

    load: int
    """Requests outstanding."""

    @property
    def status(self) -> int:
        """OPEN, BUSY or CLOSED."""

    @property
    def weight(self) -> float:
        """The share it should get, relative to the others."""


N = TypeVar("N", bound=Node)


class Balancer(Protocol[N]):
    """Picks among the nodes it was last given."""

    nodes: Sequence[N]

    def pick(self) -> N | None:
        """The node for the next request; None when there is no node at all."""


MakeBalancer = Callable[[Sequence[N]], Balancer[N]]
"""A balancer for one set of nodes of equal weight."""


class P2C(Generic[N]):
    """Power of two choices: of two random nodes, the less loaded one.

    A pair without an open node is drawn again, `max_effort` times at most; then `exhausted` is
    told and the last draw stands, because trying a busy node beats failing the request.
    """

    def __init__(
        self, nodes: Sequence[N], random: Random, max_effort: int, exhausted: Callable[[], None]
    ) -> None:
        self.nodes = nodes
        self._random = random.random
        self._max_effort = max_effort
        self._exhausted = exhausted

    def pick(self) -> N | None:
        """See `Balancer.pick`."""
        nodes = self.nodes
        if len(nodes) < 2:
            return nodes[0] if nodes else None
        chosen = self._draw()
        if chosen.status != OPEN:
            for _ in range(self._max_effort - 1):
                chosen = self._draw()
                if chosen.status == OPEN:
                    break
            else:
                self._exhausted()
        return chosen

    def _draw(self) -> N:
        nodes = self.nodes
        count = len(nodes)
        first = int(self._random() * count)
        second = int(self._random() * (count - 1))
        if second >= first:
            second += 1
        a, b = nodes[first], nodes[second]
        if a.status != b.status:
            return a if a.status < b.status else b
        return a if a.load <= b.load else b


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A balancing algorithm: its name in the metrics, and how to make a balancer that follows it.

    `make(nodes, random, exhausted)`; `exhausted` is told when no open node was found.
    """

    name: str
    make: Callable[[Sequence[Any], Random, Callable[[], None]], Balancer[Any]]


def p2c(max_effort: int = 5) -> Algorithm:
    """Power of two choices, least loaded."""
    return Algorithm(
        "p2c_least_loaded",
        lambda nodes, random, exhausted: P2C(nodes, random, max_effort, exhausted),
    )


class WeightClasses(Generic[N]):
    """One balancer for each weight; a class is drawn in proportion to its weight × size.

    A drawn class whose pick is not open yields to the next class that has an open node.
    """

    def __init__(
        self, nodes: Sequence[N], make: MakeBalancer[N], random: Random, busy: Callable[[], None]
    ) -> None:
        self.nodes = nodes
        self._random = random.random
        self._busy = busy
        weights = sorted({node.weight for node in nodes})
        members = [[node for node in nodes if node.weight == weight] for weight in weights]
        self._classes = [make(group) for group in members]
        shares = [weight * len(group) for weight, group in zip(weights, members, strict=True)]
        if not any(shares):  # nothing but zero weights: all alike
            shares = [float(len(group)) for group in members]
        self._shares = shares
        self._total = sum(shares)

    def __len__(self) -> int:
        return len(self._classes)

    def pick(self) -> N | None:
        """See `Balancer.pick`."""
        drawn = self._draw()
        first: N | None = None
        for index in range(drawn, drawn + len(self._classes)):
            node = self._classes[index % len(self._classes)].pick()
            if node is not None and node.status == OPEN:
                return node
            self._busy()
            first = first or node
        return first

    def _draw(self) -> int:
        point = self._random() * self._total
        for index, share in enumerate(self._shares):
            point -= share
            if point < 0:
                return index
        return max(range(len(self._shares)), key=self._shares.__getitem__)


def balance(
    nodes: Sequence[N], make: MakeBalancer[N], random: Random, busy: Callable[[], None]
) -> Balancer[N]:
    """A balancer over `nodes`, divided into weight classes only where weights differ."""
    if len({node.weight for node in nodes}) > 1:
        return WeightClasses(nodes, make, random, busy)
    return make(nodes)
