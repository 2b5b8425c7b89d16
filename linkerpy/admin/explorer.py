"""`/ui/metrics.json`: the metrics whose names contain some words, for people who look for one.

Unlike `/admin/metrics.json` it tells what kind each is and what Prometheus calls it, and no more
than fit on a page. Made in short turns.
"""

import json
from collections.abc import Iterator
from functools import reduce
from typing import Any, Final

from twisted.internet.defer import Deferred

from linkerpy.admin.metrics import figures, number
from linkerpy.core.clock import Clock
from linkerpy.net.gradual import SharedText
from linkerpy.net.web import JSON, Answer, Asked, Page, as_json
from linkerpy.telemetry.labels import ROOT, exclusive_step, joined
from linkerpy.telemetry.metrics import Counter, Gauge, Metrics, Node, Stat

MOST: Final = 500
"""Metrics in one answer."""

_SHOWN: Final = ("p50", "p95", "p99", "max", "avg", "count")


def explorer_page(metrics: Metrics, clock: Clock) -> Page:
    """The page; parameters `find`, words that must all be in a name, and `limit`."""

    def page(asked: Asked) -> Answer | Deferred[Answer]:
        limit = asked.args.get("limit", "100")
        if not (limit.isascii() and limit.isdigit()):
            return as_json({"error": "limit must be a number"}, 400)
        words = tuple(asked.args.get("find", "").lower().split())
        most = min(int(limit), MOST)
        text = SharedText(lambda: _pieces(metrics.root, words, most, clock), clock)
        return text.ask().addCallback(lambda pieces: Answer(content_type=JSON, rest=pieces))

    return page


def _pieces(root: Node, words: tuple[str, ...], limit: int, clock: Clock) -> Iterator[str]:
    total = found = 0
    yield '{"metrics": ['
    for names, node in _visit(root, ()):
        if isinstance(node.metric, Gauge) and not node.metric.live:
            continue
        total += 1
        name = "/".join(names)
        low = name.lower()
        piece = ""
        if all(word in low for word in words):
            found += 1
            if found <= limit:
                piece = (",\n" if found > 1 else "") + json.dumps(_shown(names, name, node))
        yield piece
    yield f'], "found": {found}, "total": {total}, "now": {clock.seconds():.3f}}}'


def _visit(node: Node, names: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Node]]:
    node.settle()
    if node.metric is not None:
        yield names, node
    for name, child in sorted(node.children.items()):
        yield from _visit(child, (*names, name))


def _shown(names: tuple[str, ...], name: str, node: Node) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": name, "series": _series(names)}
    match node.metric:
        case Counter() as counter:
            return {**shown, "kind": "counter", "value": counter.value}
        case Stat() as stat:
            told = figures(stat, live=True)
            return {**shown, "kind": "stat", **{key: told.get(key) for key in _SHOWN}}
        case Gauge() as gauge:
            return {**shown, "kind": "gauge", "value": number(gauge)}
    return shown


def _series(names: tuple[str, ...]) -> str:
    """What `io.l5d.prometheus` calls it, without a prefix."""
    place = reduce(exclusive_step, names, ROOT)
    labels = ", ".join(f"{name}={json.dumps(value)}" for name, value in place.labels)
    return joined(place.parts) + (f"{{{labels}}}" if labels else "")
