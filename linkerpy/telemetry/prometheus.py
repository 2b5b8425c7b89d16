"""Metrics in the text format of Prometheus, and in OpenMetrics.

The names are linkerd's, and each of them means one thing. Where linkerd put two things under one
name, the total keeps the name:

- `...:failures` is the total; what it is made of is `...:failures_by_exception`, in which every
  failure stands once, under the longest chain of its causes (twice if it has two flags).
- A stat is a *summary* under linkerd's name: `quantile` and `_avg` tell of the last whole minute,
  as linkerd's do; `_sum` and `_count` have grown since the start of the process, so that `rate()`
  of them is right, which it never was of linkerd's. A summary cannot be added up across processes,
  and a name cannot be both, so each stat is also a *histogram*, under the name and `_hist`.

What an empty stat would say is left out. Two metrics that the letters of Prometheus make one are
told apart by a number behind the later name. OpenMetrics would have counters end in `_total`: there
they are `unknown`, so that dashboards do not depend on what the scraper asked for.

Source: telemetry-admin spec, section 3.2; OpenMetrics 1.0; Prometheus text format 0.0.4.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Final

from linkerpy.telemetry.buckets import edges_of
from linkerpy.telemetry.help import help_of
from linkerpy.telemetry.labels import BY_EXCEPTION, ROOT, Labels, Place, exclusive_step, joined
from linkerpy.telemetry.metrics import Counter, Gauge, Metric, Node, Stat

QUANTILES: Final = ("0.5", "0.9", "0.95", "0.99", "0.999", "0.9999")


@dataclass(frozen=True, slots=True)
class Format:
    """One of the two spellings."""

    content_type: str
    comma: str
    """What stands between two labels."""
    counter: str
    """What a counter is called that does not end in `_total`."""
    least: str
    most: str
    """The quantiles that are the minimum and the maximum."""
    end: str


TEXT: Final = Format("text/plain; version=0.0.4; charset=utf-8", ", ", "counter", "0", "1", "")
OPEN_METRICS: Final = Format(
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
    ",",
    "unknown",
    "0.0",
    "1.0",
    "# EOF\n",
)

_SUMMARY: Final = ("", "_sum", "_count", "_created")
_SAMPLES: Final[dict[type[Metric], tuple[str, ...]]] = {
    Counter: ("",),
    Gauge: ("",),
    Stat: (*_SUMMARY, "_avg", "_hist_bucket", *(f"_hist{suffix}" for suffix in _SUMMARY)),
}
"""What the sample names of a family end in, those included that OpenMetrics keeps for it."""


@dataclass(slots=True)
class Family:
    """All series of one name. Their nodes are read when their text is made, not before."""

    name: str
    kind: type[Metric]
    series: dict[str, Node] = field(default_factory=dict)
    """By labels."""


def render(root: Node, prefix: str = "", format_: Format = TEXT) -> Iterator[str]:
    """The text, in pieces of at most a few dozen lines; empty ones while families are gathered.

    The tree may change between two pieces: a metric that comes or goes is in the text or is not.
    """
    families = _Families()
    labels = _LabelTexts(format_.comma)
    for place, node in _visit(root, ROOT):
        if node.metric is not None and _tells(node.metric):
            name, kind = joined(place.parts, prefix), type(node.metric)
            families.add(name, labels.of(place.labels), node, kind)
        yield ""
    for name in list(families.by_name):
        family = families.by_name.pop(name)  # to let go of all at once would take milliseconds
        if family.kind is Stat:
            yield from _stats(family, format_)
        else:
            yield from _values(family, format_)
    yield format_.end


def _visit(node: Node, place: Place) -> Iterator[tuple[Place, Node]]:
    node.settle()
    yield place, node
    for name, child in list(node.children.items()):
        yield from _visit(child, exclusive_step(place, name))


def _tells(metric: Metric) -> bool:
    match metric:
        case Gauge():
            return metric.live
        case Stat():
            return metric.count > 0
    return True


class _Families:
    """Families by name; no two have a sample's name in common, nor any two series of one."""

    def __init__(self) -> None:
        self.by_name: dict[str, Family] = {}
        self._taken: set[str] = set()

    def add(self, name: str, labels: str, node: Node, kind: type[Metric]) -> None:
        """Put a series into the family of that name, or of the next one that has room for it."""
        if name[:1] in _DIGITS:  # no name at all is one of these
            name = f"_{name}"
        for candidate in chain((name,), (f"{name}_{number}" for number in count(2))):
            family = self.by_name.get(candidate) or self._claim(candidate, kind)
            if family is not None and family.kind is kind and labels not in family.series:
                family.series[labels] = node
                return

    def _claim(self, name: str, kind: type[Metric]) -> Family | None:
        samples = {name + suffix for suffix in _SAMPLES[kind]}
        if not self._taken.isdisjoint(samples):
            return None
        self._taken |= samples
        self.by_name[name] = Family(name, kind)
        return self.by_name[name]


_DIGITS = ("", *"0123456789")


class _LabelTexts:
    """Labels as text, each made once: a hundred metrics have the same."""

    def __init__(self, comma: str) -> None:
        self._comma = comma
        self._known: dict[Labels, str] = {}

    def of(self, labels: Labels) -> str:
        """Without braces."""
        text = self._known.get(labels)
        if text is None:
            pairs = (f'{name}="{escape(value)}"' for name, value in labels)
            text = self._known[labels] = self._comma.join(pairs)
        return text


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n"}
_SURROGATES = re.compile("[\ud800-\udfff]")


def escape(value: str) -> str:
    """A label's value as it stands between quotes; what UTF-8 cannot tell is replaced."""
    escaped = "".join(_ESCAPES.get(letter, letter) for letter in value)
    return _SURROGATES.sub("\ufffd", escaped)


def _values(family: Family, format_: Format) -> Iterator[str]:
    name = family.name
    yield _head(name, format_.counter if family.kind is Counter else "gauge")
    exclusive = BY_EXCEPTION in name
    for labels, node in family.series.items():
        match node.metric:
            case Counter() as counter:
                value = str(own(counter, node) if exclusive else counter.value)
            case Gauge() as gauge:
                value = number(gauge.value)
            case _:
                continue
        yield f"{name}{{{labels}}} {value}\n" if labels else f"{name} {value}\n"


def own(counter: Counter, node: Node) -> int:
    """What of a counter none of its children counts."""
    below = (child.metric for child in node.children.values())
    return max(0, counter.value - sum(m.value for m in below if isinstance(m, Counter)))


def _head(name: str, kind: str) -> str:
    return f"# HELP {name} {help_of(name)}\n# TYPE {name} {kind}\n"


def _stats(family: Family, format_: Format) -> Iterator[str]:
    """The summaries, then the means, then the histograms: a family's lines must stand together."""
    name = family.name
    stats = [(ls, node.metric) for ls, node in family.series.items()]
    yield _head(name, "summary")
    for labels, stat in stats:
        if isinstance(stat, Stat):
            yield _summary(name, labels, stat, format_)
    yield _head(f"{name}_avg", "gauge")
    for labels, stat in stats:
        if isinstance(stat, Stat) and stat.summary is not None:
            yield f"{name}_avg{_braced(labels)} {number(stat.summary.avg)}\n"
    yield _head(f"{name}_hist", "histogram")
    for labels, stat in stats:
        if isinstance(stat, Stat):
            yield _histogram(f"{name}_hist", labels, stat, format_)


def _braced(labels: str) -> str:
    return f"{{{labels}}}" if labels else ""


def _summary(name: str, labels: str, stat: Stat, format_: Format) -> str:
    head, minute = f"{name}{{{labels}{format_.comma if labels else ''}", stat.summary
    lines = []
    if minute is not None and minute.count:
        named = zip(QUANTILES, minute.percentiles, strict=True)
        for quantile, value in (
            (format_.least, minute.min),
            *named,
            (format_.most, minute.max),
        ):
            lines.append(f'{head}quantile="{quantile}"}} {value}\n')
    braced = _braced(labels)
    lines.append(f"{name}_sum{braced} {stat.sum}\n{name}_count{braced} {stat.count}\n")
    return "".join(lines)


def _histogram(name: str, labels: str, stat: Stat, format_: Format) -> str:
    edges = edges_of(name.removesuffix("_hist"))
    figures = edges.cumulate(stat.counts)
    head = f"{name}_bucket{{{labels}{format_.comma if labels else ''}"
    lines = [
        f'{head}le="{edge}"}} {value}\n' for edge, value in zip(edges.texts, figures, strict=True)
    ]
    braced = _braced(labels)
    lines.append(f"{name}_sum{braced} {stat.sum}\n{name}_count{braced} {figures[-1]}\n")
    return "".join(lines)


def number(value: float) -> str:
    """A float as both formats spell it."""
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return "NaN" if math.isnan(value) else repr(value)
