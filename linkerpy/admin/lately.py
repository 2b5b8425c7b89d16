"""What every server, service and client did in the last minute, whether anybody looked or not.

The dashboard counts by itself once it is open. This is what it begins with, so that a page opened
after something went wrong shows what, and for how long. Readings are made in short turns: there may
be thousands of members.
"""

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any, Final

from twisted.internet.defer import Deferred

from linkerpy.admin.history import KINDS, children, counted
from linkerpy.core.clock import Clock
from linkerpy.net.gradual import SharedText, Turns
from linkerpy.net.web import JSON, Answer, Asked, Page
from linkerpy.telemetry.metrics import Metrics

STEP: Final = 5.0
"""Seconds between two readings."""

KEPT: Final = 13
"""Readings: a minute's."""

COUNTERS: Final = ("requests", "success", "failures", "received_bytes", "sent_bytes")

Member = tuple[str, str, str]
"""A router's label, the kind, and the name."""

Reading = tuple[int, ...]


class Lately:
    """The latest readings of every member of the routers that `labels` gives, until closed."""

    def __init__(self, metrics: Metrics, labels: Callable[[], Iterable[str]], clock: Clock) -> None:
        self._metrics = metrics
        self._labels = labels
        self._clock = clock
        self._times: deque[float] = deque(maxlen=KEPT)
        self._readings: dict[Member, deque[Reading]] = {}
        self._turns: Turns | None = None
        self._timer: Any = clock.callLater(STEP, self._begin)

    def _begin(self) -> None:
        self._timer = self._clock.callLater(STEP, self._begin)
        if self._turns is not None:
            return  # the last round has not come to its end
        self._turns = Turns(self._round(), lambda _piece: None, self._ended, self._clock)
        self._turns.start()

    def _ended(self, _error: BaseException | None) -> None:
        self._turns = None

    def _round(self) -> Iterator[str]:
        """Read all members, one at each step."""
        now = round(self._clock.seconds(), 3)
        found: dict[Member, deque[Reading]] = {}
        for label in list(self._labels()):
            scope = self._metrics.scope("rt", label)
            for kind in KINDS:
                for name, node in children(scope, kind).items():
                    node.settle()
                    if "requests" in node.children:
                        member = (label, kind, name)
                        kept = self._readings.get(member) or deque(maxlen=KEPT)
                        kept.append(tuple(counted(node, counter) for counter in COUNTERS))
                        found[member] = kept
                    yield ""
        self._times.append(now)
        self._readings = found

    def pieces(self) -> Iterator[str]:
        """As JSON: the times, and of each member its first reading and how much each later grew.

        A member that came later has fewer readings: they are those of the last times.
        """
        times, readings = list(self._times), self._readings
        yield f'{{"counters": {json.dumps(COUNTERS)}, "times": {json.dumps(times)}, "members": ['
        comma = ""
        for member, kept in readings.items():
            rows = list(kept)[-len(times) :]
            steps = [
                [new - old for new, old in zip(after, before, strict=True)]
                for before, after in pairwise(rows)
            ]
            yield comma + json.dumps([*member, rows[0], *steps], separators=(",", ":"))
            comma = ",\n"
        yield "]}"

    def close(self) -> None:
        """Read no more."""
        self._timer.cancel()
        if self._turns is not None:
            self._turns.close()


def lately_page(lately: Lately, clock: Clock) -> Page:
    """`/ui/lately.json`: asked once by each dashboard that is opened."""
    text = SharedText(lately.pieces, clock)

    def page(_asked: Asked) -> Deferred[Answer]:
        return text.ask().addCallback(lambda pieces: Answer(content_type=JSON, rest=pieces))

    return page
