"""Metrics of several processes as one tree.

Each process tells what is new since it told last: by how much counters grew, which buckets of stats
got samples, what gauges say now. What was told once stays counted, whatever becomes of its process.
The merged tree is made of the same counters, gauges and stats as any other, so that every exporter
takes it. News are made of what JSON has.

Source: telemetry-admin spec, section 1.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from linkerpy.core.closable import Closable
from linkerpy.telemetry.histogram import Counts
from linkerpy.telemetry.metrics import Counter, Gauge, Metric, Metrics, Node, Stat

News = dict[str, Any]
Names = tuple[str, ...]
Rule = Callable[[Iterable[float]], float]

_ALIKE: Final[dict[str, Rule]] = {
    # What every process finds for itself and finds alike, or nearly so: it is there once.
    **dict.fromkeys(("size", "busy", "closed", "num_weight_classes", "meanweight"), max),
    **dict.fromkeys(("unhealthy_for_ms", "unhealthy_num_tries", "is_marked_dead"), max),
    **dict.fromkeys(("originator", "validation_disabled", "ema_value"), max),
    **dict.fromkeys(("uptime", "num_cpus", "fd_limit", "max"), max),
    # The worst is what somebody must hear of: an endpoint that one process has given up.
    **dict.fromkeys(("available", "certificate_seconds_left", "start_time"), min),
}


def rule_of(names: Names) -> Rule:
    """How gauges of a name are merged: added up, unless they tell of the same thing."""
    if names[-2:-1] == ("algorithm",):
        return max
    return _ALIKE.get(names[-1], sum)


@dataclass(slots=True)
class _Told:
    """What a metric has told so far."""

    metric: Metric
    total: int = 0
    counts: Counts = field(default_factory=dict)
    value: float | None = None


class Telling:
    """The side of the process that counts: `news` is everything since it was asked last."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._told: dict[Names, _Told] = {}

    def news(self) -> News:
        """What is new: `counters`, `gauges`, `stats`, and the names of what is `gone`."""
        before, now = self._told, dict[Names, _Told]()
        news: News = {"counters": [], "gauges": [], "stats": []}
        for names, metric in self._metrics.walk():
            if isinstance(metric, Gauge) and not metric.live:
                continue
            told = before.get(names)
            new = told is None or told.metric is not metric  # a name may go and come again
            now[names] = told = _Told(metric) if told is None or new else told
            match metric:
                case Counter():
                    _counter(news, names, metric, told, new)
                case Gauge():
                    _gauge(news, names, metric, told)
                case Stat():
                    _stat(news, names, metric, told, new)
        news["gone"] = [names for names in before if names not in now]
        self._told = now
        return news


def _counter(news: News, names: Names, counter: Counter, told: _Told, new: bool) -> None:
    value = counter.value
    if new or value != told.total:
        news["counters"].append((names, value - told.total))
    told.total = value


def _gauge(news: News, names: Names, gauge: Gauge, told: _Told) -> None:
    value = gauge.value
    if value != told.value:
        news["gauges"].append((names, value))
    told.value = value


def _stat(news: News, names: Names, stat: Stat, told: _Told, new: bool) -> None:
    if not new and stat.count == sum(told.counts.values()):
        return
    counts, total = stat.counts, stat.sum
    old = told.counts
    grown = [(index, n - old.get(index, 0)) for index, n in counts.items() if n != old.get(index)]
    news["stats"].append((names, grown, total - told.total))
    told.counts, told.total = counts, total


class Merged:
    """The side where the news of all processes come together, in the tree of `metrics`.

    A process is a number. One that takes another's place has its number, and begins to tell anew.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._root = metrics.root
        self._holders: dict[Names, set[int]] = {}
        self._gauges: dict[Names, _MergedGauge] = {}

    def fold(self, process: int, news: News) -> None:
        """Count what is new with a process. It must have come from `Telling.news`."""
        for names, grown in news["counters"]:
            self._metric(process, tuple(names), Counter).value += grown
        for names, grown, total in news["stats"]:
            self._metric(process, tuple(names), Stat).fold(dict(grown), total)
        for each, value in news["gauges"]:
            self._gauge(process, tuple(each)).values[process] = value
        for names in news["gone"]:
            self._drop(process, tuple(names))

    def end(self, process: int) -> None:
        """A process has ended: its gauges say nothing more, what it counted stays counted."""
        for names, gauge in list(self._gauges.items()):
            if process in gauge.values:
                self._drop(process, names)

    def gauges_of(self, process: int) -> dict[Names, float]:
        """What the gauges of one process said last."""
        return {
            names: gauge.values[process]
            for names, gauge in self._gauges.items()
            if process in gauge.values
        }

    def _metric(self, process: int, names: Names, kind: type[Any]) -> Any:
        self._holders.setdefault(names, set()).add(process)
        node = self._root
        for name in names:
            node = node.children.setdefault(name, Node())
        if not isinstance(node.metric, kind):
            node.metric = kind()
        return node.metric

    def _gauge(self, process: int, names: Names) -> "_MergedGauge":
        gauge: Gauge = self._metric(process, names, Gauge)
        if names not in self._gauges:
            self._gauges[names] = _MergedGauge(gauge, rule_of(names))
        return self._gauges[names]

    def _drop(self, process: int, names: Names) -> None:
        """A process has a metric no more; when none has it, it is gone."""
        gauge = self._gauges.get(names)
        if gauge is not None:
            gauge.values.pop(process, None)
        holders = self._holders.get(names, set())
        holders.discard(process)
        if holders:
            return
        self._holders.pop(names, None)
        if gauge is not None:
            gauge.reader.close()
            del self._gauges[names]
        _remove(self._root, names)


class _MergedGauge:
    """What each process says of one gauge; one reader tells it."""

    __slots__ = ("reader", "values")

    def __init__(self, gauge: Gauge, rule: Rule) -> None:
        self.values: dict[int, float] = {}
        self.reader: Closable = gauge.add(lambda: rule(self.values.values()))


def _remove(root: Node, names: Names) -> None:
    """Take a metric out of the tree, and the names that led nowhere else."""
    way = [root]
    for name in names:
        below = way[-1].children.get(name)
        if below is None:
            return
        way.append(below)
    metric = way[-1].metric
    if not (isinstance(metric, Gauge) and metric.live):  # this process has a reader of its own
        way[-1].metric = None
    for node, name in zip(reversed(way[:-1]), reversed(names), strict=True):
        below = node.children[name]
        if below.metric is not None or below.children or below.recorder is not None:
            return
        del node.children[name]
