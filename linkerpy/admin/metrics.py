"""`/admin/metrics.json`: the metrics tree, flat or as a tree, and the dashboard's live figures.

Source: telemetry-admin spec, section 3.1.
"""

import math
import re
from functools import partial
from typing import Any

from linkerpy.net.web import Answer, Asked, Page, as_json
from linkerpy.telemetry.histogram import Summary
from linkerpy.telemetry.metrics import Counter, Gauge, Metric, Metrics, Node, Stat

Json = dict[str, Any]


def metrics_page(metrics: Metrics) -> Page:
    """The page; parameters `tree`, `pretty`, `q`, and ours: `filter` and `live`."""

    def page(asked: Asked) -> Answer:
        root = metrics.node
        query = asked.args.get("q")
        node = root if query is None or root is None else subtree(root, query)
        if node is None:
            return _json({"error": f"No such subtree: {query}"}, 404)
        live = asked.flag("live")
        if asked.flag("tree"):
            return _json(as_tree(node, live=live))
        flat = as_flat(node, live=live)
        pattern = asked.args.get("filter")
        if pattern is not None:
            try:
                wanted = re.compile(pattern)
            except re.error as error:
                return _json({"error": f"filter is not a regular expression: {error}"}, 400)
            flat = {name: value for name, value in flat.items() if wanted.search(name)}
        return _json(flat, pretty=asked.flag("pretty"))

    return page


# Without a charset: that is how linkerd labels this page.
_json = partial(as_json, content_type="application/json")


def subtree(node: Node, query: str) -> Node | None:
    """The node that `a/b/c` leads to; a name may contain slashes itself, the longest one wins."""
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


def as_flat(node: Node, *, live: bool = False) -> Json:
    """Every metric by its whole name."""
    flat: Json = {}
    _flatten(node, "", flat, live)
    return flat


def _flatten(node: Node, name: str, flat: Json, live: bool) -> None:
    match node.metric:
        case Counter() as counter:
            flat[name] = counter.value
        case Gauge() as gauge if gauge.live:
            flat[name] = _number(gauge)
        case Stat() as stat:
            for figure, value in figures(stat, live).items():
                flat[f"{name}.{figure}"] = value
        case _:
            pass
    for child_name, child in node.children.items():
        _flatten(child, f"{name}/{child_name}" if name else child_name, flat, live)


def as_tree(node: Node, *, live: bool = False) -> Json:
    """The tree as it is; a metric's value stands beside its children."""
    tree = _value(node.metric, live)
    for name, child in node.children.items():
        below = as_tree(child, live=live)
        if below:
            tree[name] = below
    return tree


def _value(metric: Metric | None, live: bool) -> Json:
    match metric:
        case Counter() as counter:
            return {"counter": counter.value}
        case Gauge() as gauge if gauge.live:
            return {"gauge": _number(gauge)}
        case Stat() as stat:
            return {f"stat.{name}": value for name, value in figures(stat, live).items()}
        case _:
            return {}


def _number(gauge: Gauge) -> float | None:
    """What the gauge says, if JSON can: it has no infinity."""
    value = gauge.value
    return value if math.isfinite(value) else None


def figures(stat: Stat, live: bool) -> dict[str, int | float]:
    """What is told of a stat: the last whole minute, or with `live` the last seconds."""
    summary: Summary | None = stat.recent if live else stat.summary
    return {} if summary is None else summary.figures()
