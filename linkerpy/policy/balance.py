"""Load balancing: which endpoint takes the next request.

What every algorithm shares, p2c, and the classes that nodes of different weight are divided into.
The other algorithms have modules of their own.

Source: dataplane spec, section 3.5.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Generic, Protocol, TypeVar

OPEN, BUSY, CLOSED = range(3)
"""An endpoint's status, better first: takes requests, takes none at present, is gone."""


class Node(Protocol):
    """What a balancer sees of an endpoint."""

    @property
    def load(self) -> float:
        """What weighs against giving it the next request; mostly the requests outstanding."""

    @property
    def status(self) -> int:
        """OPEN, BUSY or CLOSED."""

    @property
    def weight(self) -> float:
        """The share it should get, relative to the others."""


N = TypeVar("N", bound=Node)


class Balancer(Protocol[N]):
    """Picks among the nodes it was last given."""

    def update(self, nodes: Sequence[N]) -> None:
        """Pick among these from now on; what is known of those that stay is kept."""

    def pick(self) -> N | None:
        """The node for the next request; None when there is no node at all."""


Count = Callable[[str], None]
"""Counts an event, by its name in the metrics."""

EVENTS = ("rebuilds", "max_effort_exhausted", "busy_weight_classes")
"""The events that any balancer may count."""


class Observed:
    """A node in an endpoint's stead that is told of each request's begin and end.

    For algorithms that go by more than the requests outstanding. It lives as long as its endpoint.
    """

    __slots__ = ("endpoint", "pending")

    def __init__(self, endpoint: Any) -> None:
        self.endpoint = endpoint
        self.pending = 0

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.pending} pending at {self.endpoint!r}>"

    @property
    def load(self) -> float:
        """See `Node`."""
        return self.pending

    @property
    def status(self) -> int:
        """The endpoint's."""
        status: int = self.endpoint.status
        return status

    @property
    def weight(self) -> float:
        """The endpoint's."""
        weight: float = self.endpoint.weight
        return weight

    def started(self) -> float:
        """A request begins: what `ended` is to be told when it is over."""
        self.pending += 1
        return 0.0

    def ended(self, started: float) -> None:
        """A request is over, well or not."""
        self.pending -= 1


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A balancing algorithm, as a client takes it."""

    name: str
    """As the metrics spell it."""
    make: Callable[[Random, Count], Balancer[Any]]
    """A balancer for nodes of equal weight; it has none yet."""
    observe: Callable[[Any], Observed] | None = None
    """The node for an endpoint. None is the endpoint itself, which is told nothing."""
    counters: tuple[str, ...] = ()
    """Events it counts besides `EVENTS`."""
    gauges: Mapping[str, Callable[[Any], float]] = field(default_factory=dict)
    """Figures of a balancer; those of several weight classes add up."""
    probation: bool = False
    """Whether endpoints that discovery dropped stay while they are open."""


class Effort(ABC, Generic[N]):
    """Draws again while the drawn node is not open, `max_effort` times at most.

    Then that is counted, the field is arranged anew, and the next draw stands whatever it is:
    trying a busy node beats failing the request. Subclasses say how to draw.
    """

    def __init__(self, random: Random, max_effort: int, count: Count) -> None:
        self.nodes: Sequence[N] = ()
        self._random = random.random
        self._max_effort = max_effort
        self._count = count

    def update(self, nodes: Sequence[N]) -> None:
        """See `Balancer.update`."""
        self.nodes = nodes

    def pick(self) -> N | None:
        """See `Balancer.pick`."""
        nodes = self.nodes
        if len(nodes) < 2:
            return nodes[0] if nodes else None
        drawn = self._draw()
        return drawn if drawn.status == OPEN else self._insist()

    def _insist(self) -> N:
        """After a first draw in vain."""
        for _ in range(self._max_effort - 1):
            drawn = self._draw()
            if drawn.status == OPEN:
                return drawn
        self._count("max_effort_exhausted")
        self._rebuild()
        return self._draw()

    @abstractmethod
    def _draw(self) -> N:
        """A node, open or not; there are at least two."""

    def _rebuild(self) -> None:
        """Look again at which nodes are open, where the algorithm goes by that."""
        self._count("rebuilds")


def part_open(nodes: Iterable[N]) -> tuple[list[N], list[N]]:
    """The open ones and the others, in their order."""
    takers: list[N] = []
    others: list[N] = []
    for node in nodes:
        (takers if node.status == OPEN else others).append(node)
    return takers, others


class P2C(Effort[N]):
    """Power of two choices: of two random nodes, the less loaded one."""

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


def p2c(max_effort: int = 5, *, probation: bool = False) -> Algorithm:
    """Power of two choices, least loaded."""
    return Algorithm(
        "p2c_least_loaded",
        lambda random, count: P2C(random, max_effort, count),
        probation=probation,
    )


class WeightClasses(Generic[N]):
    """One balancer for each weight; a class is drawn in proportion to its weight × size.

    A drawn class whose pick is not open yields to the next class that has an open node. A class's
    balancer lasts as long as there are nodes of its weight.
    """

    def __init__(self, make: Callable[[], Balancer[N]], random: Random, count: Count) -> None:
        self._make = make
        self._random = random.random
        self._count = count
        self._by_weight: dict[float, Balancer[N]] = {}
        self.balancers: list[Balancer[N]] = []
        self.weights = 0
        """How many there are; none without a node."""
        self.mean_weight = 0.0
        self.update(())

    def update(self, nodes: Sequence[N]) -> None:
        """See `Balancer.update`."""
        groups: dict[float, list[N]] = {} if nodes else {1.0: []}
        for node in nodes:
            groups.setdefault(node.weight, []).append(node)
        known = self._by_weight
        # A balancer whose weight has gone serves another, so that what it knows is not lost when
        # all nodes change their weight.
        spare = [known[weight] for weight in known.keys() - groups.keys()]
        for balancer in spare:
            balancer.update(())
        self._by_weight = {
            weight: known.get(weight) or (spare.pop() if spare else self._make())
            for weight in sorted(groups)
        }
        for weight, balancer in self._by_weight.items():
            balancer.update(groups[weight])
        self.balancers = list(self._by_weight.values())
        self._share(nodes, groups)

    def _share(self, nodes: Sequence[N], groups: Mapping[float, Sequence[N]]) -> None:
        shares = [weight * len(groups[weight]) for weight in self._by_weight]
        self.weights = len(shares) if nodes else 0
        self.mean_weight = sum(shares) / len(nodes) if nodes else 0.0
        if not any(shares):  # nothing but zero weights: all alike
            shares = [float(len(groups[weight])) for weight in self._by_weight]
        self._shares = shares
        self._total = sum(shares)

    @property
    def simplest(self) -> Balancer[N]:
        """What to ask for a node until the next update: the only class, if there is but one."""
        return self.balancers[0] if len(self.balancers) == 1 else self

    def pick(self) -> N | None:
        """See `Balancer.pick`."""
        drawn = self._draw()
        first: N | None = None
        for index in range(drawn, drawn + len(self.balancers)):
            node = self.balancers[index % len(self.balancers)].pick()
            if node is not None and node.status == OPEN:
                return node
            self._count("busy_weight_classes")
            first = first or node
        return first

    def _draw(self) -> int:
        point = self._random() * self._total
        for index, share in enumerate(self._shares):
            point -= share
            if point < 0:
                return index
        return max(range(len(self._shares)), key=self._shares.__getitem__)
