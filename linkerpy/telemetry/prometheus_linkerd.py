"""Metrics for Prometheus, line by line as linkerd 1.7 writes them.

For who compares the two, or has rules that count on it. Its failures are counted twice by a plain
sum, its `_count` and `_sum` begin anew each minute, it has no types and may repeat a name. One
thing is mended: label values are escaped as the format wants it.

Source: telemetry-admin spec, section 3.2.
"""

from collections.abc import Iterator
from typing import Final

from linkerpy.telemetry.labels import ROOT, Labels, Place, joined, linkerd_step
from linkerpy.telemetry.metrics import Counter, Gauge, Node, Stat
from linkerpy.telemetry.prometheus import QUANTILES, escape, number

CONTENT_TYPE: Final = "text/plain"


def render_linkerd(root: Node, prefix: str = "") -> Iterator[str]:
    """The text, in pieces: one for each metric, in the order of the tree."""
    yield from _visit(root, ROOT, prefix)


def _visit(node: Node, place: Place, prefix: str) -> Iterator[str]:
    node.settle()
    yield _lines(node, joined(place.parts, prefix), place.labels)
    for name, child in list(node.children.items()):
        yield from _visit(child, linkerd_step(place, name), prefix)


def _lines(node: Node, name: str, labels: Labels) -> str:
    match node.metric:
        case Counter() as counter:
            return f"{name}{_braced(labels)} {counter.value}\n"
        case Gauge() as gauge if gauge.live:
            return f"{name}{_braced(labels)} {number(gauge.value)}\n"
        case Stat(summary=minute) if minute is not None and minute.count:
            plain = _braced(labels)
            totals = {"count": minute.count, "sum": minute.sum, "avg": number(minute.avg)}
            values = (minute.min, *minute.percentiles, minute.max)
            quantiles = zip(("0", *QUANTILES, "1"), values, strict=True)
            return "".join(
                [f"{name}_{total}{plain} {value}\n" for total, value in totals.items()]
                + [f"{name}{_braced((*labels, ('quantile', q)))} {v}\n" for q, v in quantiles]
            )
    return ""


def _braced(labels: Labels) -> str:
    pairs = ", ".join(f'{name}="{escape(value)}"' for name, value in labels)
    return f"{{{pairs}}}" if pairs else ""
