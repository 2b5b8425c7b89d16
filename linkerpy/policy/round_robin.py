"""Balancer `roundRobin`: the open endpoints in turn.

Source: dataplane spec, section 3.5.
"""

from collections.abc import Sequence
from random import Random

from linkerpy.policy.balance import OPEN, Algorithm, Count, Effort, N, part_open


class RoundRobin(Effort[N]):
    """Takes the open nodes in turn, or all nodes if none is open.

    Which are open is found out when nodes change, when the effort is exhausted and when a node
    left out is open again; a node that closes in between is skipped at its turn. Whatever changes,
    the one whose turn is next stays so, or the first after it that is still here.
    """

    def __init__(self, random: Random, max_effort: int, count: Count) -> None:
        super().__init__(random, max_effort, count)
        self._turn: list[N] = []
        self._at = 0
        self._first = 0
        """Where the present pick began."""
        self._left_out: list[N] = []

    def update(self, nodes: Sequence[N]) -> None:
        """See `Balancer.update`."""
        self.nodes = nodes
        self._arrange()

    def pick(self) -> N | None:
        """See `Balancer.pick`."""
        self._first = self._at
        for node in self._left_out:
            if node.status == OPEN:
                self._rebuild()
                break
        return super().pick()

    def _draw(self) -> N:
        at = self._at
        node = self._turn[at]
        self._at = at + 1 if at + 1 < len(self._turn) else 0
        return node

    def _rebuild(self) -> None:
        super()._rebuild()
        # Nodes drawn in vain have not had their turn. If none is open they must get it: going on
        # after the last draw could draw the same node for ever.
        self._at = self._first
        self._arrange()

    def _arrange(self) -> None:
        following = self._turn[self._at :] + self._turn[: self._at]
        takers, self._left_out = part_open(self.nodes)
        self._turn = takers or list(self.nodes)
        places = {id(node): place for place, node in enumerate(self._turn)}
        # Every client begins elsewhere, or all would begin with the same endpoint.
        anywhere = int(self._random() * len(self._turn))
        self._at = next((places[id(n)] for n in following if id(n) in places), anywhere)
        self._first = self._at


def round_robin(max_effort: int = 5, *, probation: bool = False) -> Algorithm:
    """The open endpoints in turn."""
    return Algorithm(
        "round_robin",
        lambda random, count: RoundRobin(random, max_effort, count),
        probation=probation,
    )
