"""Metrics in InfluxDB's line protocol: a line for each node that has metrics below it.

Routers, services, clients and servers are tags. Values of tags and names of fields are escaped,
which linkerd does not do.

Source: telemetry-admin spec, section 3.3; InfluxDB's line protocol reference.
"""

import math
import re
from collections.abc import Iterator
from typing import Final

from linkerpy.telemetry.histogram import Summary
from linkerpy.telemetry.labels import ROOT, Place, joined, scope_step
from linkerpy.telemetry.metrics import Counter, Gauge, Metric, Node, Stat

CONTENT_TYPE: Final = "text/plain"

_PERCENTILES: Final = ("p50", "p90", "p95", "p99", "p999", "p9999")


def render_influxdb(root: Node, host: str) -> Iterator[str]:
    """The text, in pieces: a line or nothing for each node; the deeper lines come first.

    `host` is what the tag of that name says of this process.
    """
    yield from _visit(root, ROOT, host or "none")


def _visit(node: Node, place: Place, host: str) -> Iterator[str]:
    node.settle()
    children = list(node.children.items())
    for name, child in children:
        yield from _visit(child, scope_step(place, name), host)
    fields: dict[str, str] = {}
    for name, child in children:
        fields |= _fields(name, child.metric)
    yield _line(place, host, fields)


def _line(place: Place, host: str, fields: dict[str, str]) -> str:
    if not fields:
        return ""
    measurement = joined(place.parts) or ("_" if place.parts else "root")
    tags = sorted({"host": host, **dict(place.labels)}.items())
    told = "".join(f",{name}={_escape(value)}" for name, value in tags if value)
    return f"{measurement}{told} {','.join(f'{n}={v}' for n, v in sorted(fields.items()))}\n"


def _fields(name: str, metric: Metric | None) -> dict[str, str]:
    key = _escape(name) or "_"
    match metric:
        case Counter() as counter:
            return {key: str(counter.value)}
        case Gauge() as gauge if gauge.live:
            value = gauge.value
            return {key: repr(value)} if math.isfinite(value) else {}
        case Stat(summary=minute) if minute is not None:
            return {f"{key}_{figure}": text for figure, text in _figures(minute).items()}
    return {}


def _figures(minute: Summary) -> dict[str, str]:
    percentiles = minute.percentiles or (0,) * len(_PERCENTILES)
    whole = {"count": minute.count, "max": minute.max, "min": minute.min, "sum": minute.sum}
    named = whole | dict(zip(_PERCENTILES, percentiles, strict=True))
    return {"avg": repr(minute.avg)} | {name: str(value) for name, value in named.items()}


_SPECIAL = re.compile(r"[ ,=]")
_UNTELLABLE = re.compile("[\x00-\x1f\ud800-\udfff]|\\\\+\\Z")


def _escape(text: str) -> str:
    """With a backslash before what would end it.

    What no escape exists for becomes `_`: control characters, and a backslash at the end.
    """
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", _UNTELLABLE.sub("_", text))
