"""`/admin/metrics.json`: the metrics tree, flat or as a tree, and the dashboard's live figures.

The text is made in short turns: a tree of fifty thousand metrics keeps no request waiting.

Source: telemetry-admin spec, section 3.1.
"""

import heapq
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import Any, Final

from twisted.internet.defer import Deferred

from linkerpy.core.clock import Clock
from linkerpy.net.gradual import SharedText
from linkerpy.net.web import Answer, Asked, Page, as_json
from linkerpy.telemetry.histogram import Summary
from linkerpy.telemetry.metrics import Counter, Gauge, Metric, Metrics, Node, Stat

Json = dict[str, Any]
Pairs = Iterator[tuple[str, Any]]

# Without a charset: that is how linkerd labels this page.
_TYPE: Final = "application/json"

_RUN: Final = 256
"""Names that are sorted in one go."""


def metrics_page(metrics: Metrics, clock: Clock) -> Page:
    """The page; parameters `tree`, `pretty`, `q`, and ours: `filter` and `live`.

    Whoever asks for everything, in the same way and at the same time as others, shares their text.
    """

    def whole(tree: bool, live: bool, pretty: bool) -> SharedText:
        return SharedText(_maker(metrics.root, tree, live, pretty, None), clock)

    wholes = {ways: whole(*ways) for ways in product((False, True), repeat=3)}

    def page(asked: Asked) -> "Answer | Deferred[Answer]":
        tree, live, pretty = (asked.flag(name) for name in ("tree", "live", "pretty"))
        query, pattern = asked.args.get("q"), asked.args.get("filter")
        if query is None and (tree or pattern is None):
            return _later(wholes[tree, live, pretty])
        node = metrics.root if query is None else subtree(metrics.root, query)
        if node is None:
            return as_json({"error": f"No such subtree: {query}"}, 404, content_type=_TYPE)
        try:
            wanted = None if pattern is None else re.compile(pattern)
        except re.error as error:
            message = {"error": f"filter is not a regular expression: {error}"}
            return as_json(message, 400, content_type=_TYPE)
        return _later(SharedText(_maker(node, tree, live, pretty, wanted), clock))

    return page


def _later(text: SharedText) -> Deferred[Answer]:
    return text.ask().addCallback(lambda pieces: Answer(content_type=_TYPE, rest=pieces))


def _maker(
    node: Node, tree: bool, live: bool, pretty: bool, wanted: re.Pattern[str] | None
) -> Callable[[], Iterator[str]]:
    if tree:
        return lambda: as_tree(node, live=live)
    return lambda: _as_flat(node, live, pretty, wanted)


def subtree(node: Node, query: str) -> Node | None:
    """The node that `a/b/c` leads to; a name may contain slashes itself, the longest one wins."""
    node.settle()  # which may be what makes its children
    if not query:
        return None
    if query in node.children:
        return node.children[query]
    heads = [name for name in node.children if query.startswith(f"{name}/")]
    for name in sorted(heads, key=len, reverse=True):
        found = subtree(node.children[name], query[len(name) + 1 :])
        if found is not None:
            return found
    return None


def _as_flat(node: Node, live: bool, pretty: bool, wanted: re.Pattern[str] | None) -> Iterator[str]:
    pairs = flat(node, live=live)
    if wanted is not None:
        pairs = (pair for pair in pairs if wanted.search(pair[0]))
    written = (f"{_json(name)}: {_json(value)}" for name, value in pairs)
    if not pretty:
        return _between("{", written, ", ", "}")
    return _between("{\n  ", _sorted(written), ",\n  ", "\n}")


def _between(first: str, pieces: Iterable[str], comma: str, last: str) -> Iterator[str]:
    before = first
    for piece in pieces:
        yield before + piece if piece else ""
        if piece:
            before = comma
    yield "{}" if before is first else last


def _sorted(pieces: Iterable[str]) -> Iterator[str]:
    """The pieces in order, after an empty one for each that was read: no sorting takes long."""
    runs: list[list[str]] = []
    run: list[str] = []
    for piece in pieces:
        run.append(piece)
        if len(run) == _RUN:
            runs.append(sorted(run))
            run = []
        yield ""
    yield from heapq.merge(*runs, sorted(run))


def flat(node: Node, name: str = "", *, live: bool = False) -> Pairs:
    """Every figure below a node, by its whole name. The tree may change while they are read."""
    node.settle()
    match node.metric:
        case Counter() as counter:
            yield name, counter.value
        case Gauge() as gauge if gauge.live:
            yield name, number(gauge)
        case Stat() as stat:
            for figure, value in figures(stat, live).items():
                yield f"{name}.{figure}", value
        case _:
            pass
    for child_name, child in list(node.children.items()):
        yield from flat(child, f"{name}/{child_name}" if name else child_name, live=live)


def as_tree(node: Node, *, live: bool = False) -> Iterator[str]:
    """The tree as JSON; a metric's value stands beside its children. Empty nodes are left out."""
    something = False
    for piece in _branch(node, live, ""):
        something = True
        yield piece
    if not something:
        yield "{}"


def _branch(node: Node, live: bool, head: str) -> Iterator[str]:
    """A node behind `head`; nothing at all if there is nothing in it."""
    node.settle()
    before = f"{head}{{"
    own = ", ".join(f"{_json(key)}: {_json(said)}" for key, said in _value(node.metric, live))
    if own:
        yield before + own
        before = ", "
    for name, child in list(node.children.items()):
        for piece in _branch(child, live, f"{before}{_json(name)}: "):
            yield piece
            before = ", "
    if before == ", ":
        yield "}"


def _value(metric: Metric | None, live: bool) -> Pairs:
    match metric:
        case Counter() as counter:
            yield "counter", counter.value
        case Gauge() as gauge if gauge.live:
            yield "gauge", number(gauge)
        case Stat() as stat:
            for name, value in figures(stat, live).items():
                yield f"stat.{name}", value
        case _:
            pass


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def number(gauge: Gauge) -> float | None:
    """What the gauge says, if JSON can: it has no infinity."""
    value = gauge.value
    return value if math.isfinite(value) else None


def figures(stat: Stat, live: bool) -> dict[str, int | float]:
    """What is told of a stat: the last whole minute, or with `live` the last seconds."""
    summary: Summary | None = stat.recent if live else stat.summary
    return {} if summary is None else summary.figures()
