"""The metrics tree: counters, gauges and stats by name.

A node of the tree may hold a metric and have children as well (`failures`, and `failures/<class>`).
Recording touches one object that the caller keeps; names are looked up when a scope is built, never
per request.

Source: telemetry-admin spec, section 1.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

from linkerpy.core.closable import Closable, OnClose
from linkerpy.telemetry.histogram import COMMON, LARGEST, Counts, Summary, bucket, merge, summarise

SLICE = 10.0
"""Seconds for which a stat counts into the same slice."""

SLICES = 6
"""Slices of the summary that exporters are given: a minute, as linkerd's."""

_COMMON_END = len(COMMON)


class Counter:
    """A count that only grows. `counter.value += 1` is as good as `incr()`, and faster."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def incr(self, n: int = 1) -> None:
        """Add `n`."""
        self.value += n


class Gauge:
    """A figure that is read when asked for: the sum of what all its live readers say."""

    __slots__ = ("_readers",)

    def __init__(self) -> None:
        self._readers: list[Callable[[], float]] = []

    def add(self, read: Callable[[], float]) -> Closable:
        """Include `read` until the handle is closed."""
        self._readers.append(read)
        return OnClose(lambda: self._readers.remove(read))

    @property
    def live(self) -> bool:
        """Whether anybody reads."""
        return bool(self._readers)

    @property
    def value(self) -> float:
        """The sum at this moment."""
        return float(sum(read() for read in self._readers))


class Stat:
    """A distribution of samples.

    Samples are counted into slices of time. `summary` is of the last whole minute, and changes once
    a minute: what linkerd's exporters show. `recent` is of the last ten to twenty seconds, `counts`
    and `sum` are of everything since the start.
    """

    __slots__ = ("_counts", "_ended_counts", "_ended_sum", "_past", "_sum", "summary")

    def __init__(self) -> None:
        self.summary: Summary | None = None
        """Of the last whole minute; None before the first is over."""
        self._counts: Counts = {}
        self._sum = 0
        self._past: list[tuple[Counts, int]] = []
        self._ended_counts: Counts = {}
        self._ended_sum = 0

    def add(self, sample: float, times: int = 1) -> None:
        """Count a sample, or several alike."""
        value = int(sample)
        if 0 <= value < _COMMON_END:  # a call less for nearly all: 0.4 us in place of 0.8
            index = COMMON[value]
        else:
            value = min(value, LARGEST)
            index = bucket(value)
        counts = self._counts
        counts[index] = counts.get(index, 0) + times
        self._sum += value * times

    def fold(self, counts: Mapping[int, int], total: int) -> None:
        """Count the samples of another process: so many in each bucket, `total` their sum."""
        for index, count in counts.items():
            self._counts[index] = self._counts.get(index, 0) + count
        self._sum += total

    def turn(self, *, whole: bool) -> None:
        """Begin the next slice; with `whole`, a minute is over and its summary is made."""
        self._past.append((self._counts, self._sum))
        self._ended_counts = self.counts
        self._ended_sum = self.sum
        self._counts, self._sum = {}, 0
        del self._past[:-SLICES]
        if whole:
            self.summary = summarise(
                merge(counts for counts, _ in self._past), sum(total for _, total in self._past)
            )
            del self._past[:-1]

    @property
    def recent(self) -> Summary:
        """The summary of the present slice and the one before."""
        return summarise(*self.recently)

    @property
    def recently(self) -> tuple[Counts, int]:
        """What `recent` is made of, counts and sum: those of several stats merge."""
        past, past_sum = self._past[-1] if self._past else ({}, 0)
        return merge((past, self._counts)), past_sum + self._sum

    @property
    def counts(self) -> Counts:
        """How many samples each bucket ever got; those of several processes merge."""
        return merge((self._ended_counts, self._counts))

    @property
    def count(self) -> int:
        """How many samples there ever were."""
        return sum(self._ended_counts.values()) + sum(self._counts.values())

    @property
    def sum(self) -> int:
        """The sum of all samples there ever were."""
        return self._ended_sum + self._sum


class Recorder(Protocol):
    """Something that records faster than metrics do, and tells them when somebody looks."""

    def settle(self) -> None:
        """Bring the metrics of the recorder's scope up to date."""


Metric = Counter | Gauge | Stat
R = TypeVar("R", bound=Recorder)
M = TypeVar("M", Counter, Gauge, Stat)


class Node:
    """One name of the tree."""

    __slots__ = ("children", "claims", "metric", "recorder")

    def __init__(self) -> None:
        self.claims = 0
        """How many use the scope at present; see `Claim`."""
        self.metric: Metric | None = None
        self.recorder: Any = None
        self.children: dict[str, Node] = {}

    def settle(self) -> None:
        """Bring this node's metrics and those of its children up to date, if that is due."""
        if self.recorder is not None:
            self.recorder.settle()


class Metrics:
    """A scope: the part of the tree below some names.

    A name is one segment and may contain `/`. Asking again for a counter or stat gives the same
    one; asking for another kind of metric under a name that is taken raises TypeError.
    """

    __slots__ = ("_claim", "_names", "_root")

    def __init__(
        self,
        root: Node | None = None,
        names: tuple[str, ...] = (),
        claim: "Claim | None" = None,
    ) -> None:
        self._root = root or Node()
        self._names = names
        self._claim = claim

    def __repr__(self) -> str:
        return f"<Metrics {'/'.join(self._names) or '(root)'}>"

    @property
    def name(self) -> str:
        """The last segment of the scope's names."""
        return self._names[-1]

    def scope(self, *names: str) -> "Metrics":
        """The scope below `names`."""
        return Metrics(self._root, self._names + names, self._claim)

    def claim(self) -> "Claim":
        """The scope for one who uses it, and gives it back by closing; there may be others."""
        return Claim(self._root, self._names)

    def counter(self, *names: str) -> Counter:
        """The counter of that name."""
        return self._metric(names, Counter)

    def stat(self, *names: str) -> Stat:
        """The stat of that name."""
        return self._metric(names, Stat)

    def gauge(self, *names: str, read: Callable[[], float]) -> Closable:
        """Add a reader to the gauge of that name; closing the handle takes it away.

        So does closing the claim that the scope belongs to.
        """
        handle = self._metric(names, Gauge).add(read)
        return handle if self._claim is None else self._claim.keep(handle)

    def recorder(self, make: Callable[["Metrics"], R]) -> R:
        """The scope's recorder, made if there is none yet. Who reads finds its metrics settled.

        It lives as long as the scope, whoever had it made, and is given the scope accordingly.
        """
        node = self._made()
        if node.recorder is None:
            node.recorder = make(Metrics(self._root, self._names))
        found: R = node.recorder
        return found

    def _made(self) -> Node:
        node = self._root
        for name in self._names:
            node = node.children.setdefault(name, Node())
        return node

    def _metric(self, names: tuple[str, ...], kind: type[M]) -> M:
        node = self._root
        for name in self._names + names:
            node = node.children.setdefault(name, Node())
            if node.recorder is not None:
                node.recorder.settle()
        if node.metric is None:
            node.metric = kind()
        if not isinstance(node.metric, kind):
            where = "/".join(self._names + names)
            raise TypeError(f"{where}: non-{kind.__name__.lower()} metric already exists")
        return node.metric

    @property
    def names(self) -> tuple[str, ...]:
        """Where the scope is in the whole tree."""
        return self._names

    @property
    def root(self) -> Node:
        """The whole tree as it stands: who visits a node calls its `settle` before looking."""
        return self._root

    @property
    def node(self) -> Node | None:
        """The scope's part of the tree, if there is any, with all its metrics settled."""
        node = self._find(self._names)
        if node is not None:
            _settle(node)
        return node

    def _find(self, names: tuple[str, ...]) -> Node | None:
        node: Node | None = self._root
        for name in names:
            node = node.children.get(name) if node is not None else None
        return node

    def prune(self) -> None:
        """Forget this scope and all below; who still holds a metric counts for nobody."""
        if not self._names:
            self._root.children.clear()
            return
        parent = self._find(self._names[:-1])
        if parent is not None:
            parent.children.pop(self._names[-1], None)

    def walk(self) -> Iterator[tuple[tuple[str, ...], Metric]]:
        """Every metric of the scope with its names below it."""
        node = self.node
        if node is not None:
            yield from _walk(node, ())


class Claim(Metrics):
    """A scope while somebody uses it: a router, or what stands in for it after a reload.

    Closing takes away the gauges that were made through it and the scopes below, which would read
    what is no more. With the last claim the scope is pruned; before, its counts go on.
    """

    __slots__ = ("_gauges", "_node", "last")

    def __init__(self, root: Node, names: tuple[str, ...]) -> None:
        super().__init__(root, names, self)
        self._gauges: set[Closable] = set()
        self._node: Node | None = self._made()
        self._node.claims += 1
        self.last = False
        """Whether it was the last that was closed."""

    def keep(self, handle: Closable) -> Closable:
        """Close a gauge's handle with the claim, unless it is closed before."""

        def close() -> None:
            self._gauges.discard(kept)
            handle.close()

        kept = OnClose(close)
        self._gauges.add(kept)
        return kept

    def close(self) -> None:
        """Give the scope back."""
        node, self._node = self._node, None
        if node is None:
            return
        for gauge in list(self._gauges):
            gauge.close()
        node.claims -= 1
        if node.claims == 0:
            self.last = True
            if self._find(self._names) is node:  # not one that was made since it was pruned
                self.prune()


def _settle(node: Node) -> None:
    node.settle()
    for child in list(node.children.values()):
        _settle(child)


def _walk(node: Node, names: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Metric]]:
    if node.metric is not None:
        yield names, node.metric
    for name, child in node.children.items():
        yield from _walk(child, (*names, name))
