"""What each router did in the last minutes, second by second, whether anybody looked or not.

One timer reads each router's servers once a second: an open dashboard draws what it is told, and
one that is opened after an incident shows it.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from linkerpy.core.clock import Clock
from linkerpy.telemetry.histogram import merge, summarise
from linkerpy.telemetry.metrics import Counter, Gauge, Metrics, Node, Stat

PERIOD: Final = 1.0
"""Seconds between two points."""

KINDS: Final = ("server", "service", "client")
"""A router's members in the metrics."""

KEPT: Final = 301
"""Points: five minutes."""


class Point(NamedTuple):
    """A router at one moment. Counts are since the start, and so are bytes; latencies in ms.

    Percentiles are None when nothing ended in the last ten to twenty seconds. `received` and `sent`
    are the callers' bytes as the servers see them.
    """

    at: float
    requests: int
    success: int
    failures: int
    retries: int
    connects: int
    received: int
    sent: int
    pending: float
    connections: float
    p50: int | None
    p95: int | None
    p99: int | None


class History:
    """The points of every router that `labels` tells of, from now until it is closed.

    Unless it does so `by_itself`, somebody calls `note` every second.
    """

    def __init__(
        self,
        metrics: Metrics,
        labels: Callable[[], Iterable[str]],
        clock: Clock,
        *,
        by_itself: bool = True,
    ) -> None:
        self._metrics = metrics
        self._labels = labels
        self._clock = clock
        self._points: dict[str, deque[Point]] = {}
        self._timer: Any = None
        if by_itself:
            self._tick()

    def _tick(self) -> None:
        self._timer = self._clock.callLater(PERIOD, self._tick)
        self.note()

    def note(self) -> None:
        """One point more of every router."""
        now = round(self._clock.seconds(), 3)
        before, self._points = self._points, {}
        for label in self._labels():
            points = self._points[label] = before.get(label) or deque(maxlen=KEPT)
            points.append(read(self._metrics.scope("rt", label), now))

    def since(self, label: str, moment: float) -> list[Point]:
        """The points of a router after a moment of the clock, the oldest first."""
        points = self._points.get(label, ())
        newer: list[Point] = []
        for point in reversed(points):
            if point.at <= moment:
                break
            newer.append(point)
        return newer[::-1]

    def close(self) -> None:
        """Note no more."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()


def read(router: Metrics, now: float) -> Point:
    """A router at this moment."""
    servers = [part.node for part in _parts(router, "server")]
    nodes = [node for node in servers if node is not None]
    summary = recent(nodes)
    latencies = (None,) * 3 if summary is None else summary
    return Point(
        now,
        sum(counted(node, "requests") for node in nodes),
        sum(counted(node, "success") for node in nodes),
        sum(counted(node, "failures") for node in nodes),
        _retries(router),
        sum(counted(node, "connects") for node in nodes),
        sum(counted(node, "received_bytes") for node in nodes),
        sum(counted(node, "sent_bytes") for node in nodes),
        sum(gauged(node, "pending") for node in nodes),
        sum(gauged(node, "connections") for node in nodes),
        *latencies,
    )


def _parts(router: Metrics, kind: str) -> Iterator[Metrics]:
    for name in children(router, kind):
        yield router.scope(kind, name)


def children(router: Metrics, kind: str) -> dict[str, Node]:
    """The members of a router of one kind, by name, as they are: nothing is settled."""
    found = find(router.root, (*router.names, kind))
    return {} if found is None else dict(found.children)


def _retries(router: Metrics) -> int:
    services = children(router, "service").values()
    clients = children(router, "client").values()
    return sum(counted(node, "retries", "total") for node in services) + sum(
        counted(node, "retries", "requeues") for node in clients
    )


def find(node: Node | None, names: Sequence[str]) -> Node | None:
    """The node below another."""
    for name in names:
        node = None if node is None else node.children.get(name)
    return node


def counted(node: Node, *names: str) -> int:
    """A counter below a node; 0 where there is none."""
    found = find(node, names)
    return found.metric.value if found is not None and isinstance(found.metric, Counter) else 0


def gauged(node: Node, *names: str) -> float:
    """A gauge below a node; 0 where there is none."""
    found = find(node, names)
    return found.metric.value if found is not None and isinstance(found.metric, Gauge) else 0.0


def recent(nodes: Iterable[Node]) -> tuple[int, int, int] | None:
    """p50, p95 and p99 of the latest requests of all nodes together; None if there were none."""
    parts, total = [], 0
    for node in nodes:
        found = node.children.get("request_latency_ms")
        if found is not None and isinstance(found.metric, Stat):
            counts, subtotal = found.metric.recently
            parts.append(counts)
            total += subtotal
    summary = summarise(merge(parts), total)
    if not summary.count:
        return None
    p50, _, p95, p99, *_ = summary.percentiles
    return p50, p95, p99
