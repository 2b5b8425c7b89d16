"""The metrics tree in OTLP's JSON form: sums, gauges and histograms since the start.

Names are linkerd's with slashes (`rt/server/requests`); routers, services, clients, servers and
exceptions are attributes, as they are labels for Prometheus. Histograms have the same edges.

Source: OTLP 1.x, metrics; telemetry-admin spec, section 2.
"""

import json
import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

from linkerpy.telemetry.buckets import edges_of
from linkerpy.telemetry.labels import BY_EXCEPTION, ROOT, Labels, Place, exclusive_step, joined
from linkerpy.telemetry.metrics import Counter, Gauge, Metric, Node, Stat
from linkerpy.telemetry.otlp import attributes
from linkerpy.telemetry.prometheus import own

Json = dict[str, Any]

MOST_POINTS: Final = 200
"""Data points of one piece."""

_CUMULATIVE: Final = 2


def metric_pieces(root: Node, began: str, now: str) -> Iterator[str]:
    """Every metric as JSON text; one with many data points in several pieces, and empty pieces.

    `began` and `now` are nanoseconds of the epoch, as text.
    """
    families: dict[tuple[str, type[Metric]], list[tuple[Labels, Node]]] = {}
    for place, node in _visit(root, ROOT):
        if node.metric is not None:
            kind = type(node.metric)
            families.setdefault(("/".join(place.parts), kind), []).append((place.labels, node))
        yield ""
    for (name, kind), series in families.items():
        for start in range(0, len(series), MOST_POINTS):
            points = _points(name, series[start : start + MOST_POINTS], began, now)
            if points:
                yield json.dumps({"name": name, **_SHAPES[kind](points)}, ensure_ascii=False)


def _visit(node: Node, place: Place) -> Iterator[tuple[Place, Node]]:
    node.settle()
    yield place, node
    for name, child in list(node.children.items()):
        yield from _visit(child, exclusive_step(place, name))


_SHAPES: Final[dict[type[Metric], Any]] = {
    Counter: lambda points: {
        "sum": {"dataPoints": points, "aggregationTemporality": _CUMULATIVE, "isMonotonic": True}
    },
    Gauge: lambda points: {"gauge": {"dataPoints": points}},
    Stat: lambda points: {
        "histogram": {"dataPoints": points, "aggregationTemporality": _CUMULATIVE}
    },
}


def _points(name: str, series: list[tuple[Labels, Node]], began: str, now: str) -> list[Json]:
    found = []
    for labels, node in series:
        value = _value(name, node)
        if value is not None:
            since = {} if isinstance(node.metric, Gauge) else {"startTimeUnixNano": began}
            found.append({"attributes": attributes(labels), **since, "timeUnixNano": now, **value})
    return found


def _value(name: str, node: Node) -> Json | None:
    match node.metric:
        case Counter() as counter:
            return {"asInt": str(own(counter, node) if BY_EXCEPTION in name else counter.value)}
        case Gauge() as gauge if gauge.live:
            value = gauge.value
            return {"asDouble": value} if math.isfinite(value) else None
        case Stat() as stat if stat.count:
            return _histogram(name, stat)
    return None


def _histogram(name: str, stat: Stat) -> Json:
    edges = edges_of(joined(tuple(name.split("/"))))
    cumulated = edges.cumulate(stat.counts)
    counts = [cumulated[0], *(after - before for before, after in pairwise(cumulated))]
    return {
        "count": str(cumulated[-1]),
        "sum": stat.sum,
        "bucketCounts": [str(count) for count in counts],
        "explicitBounds": [float(edge) for edge in edges.texts[:-1]],
    }
