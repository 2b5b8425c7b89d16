"""Metrics as StatsD's lines, and lines as packets.

linkerd sends a line for a share of all increments, and leaves it to the server to multiply. Here a
counter is sent once per flush, as what it has grown by: that is exact, and costs less. Samples of a
stat are sent one by one as StatsD wants them, a share of them at random; a stat that had very many
sends a smaller share, and says so in the line.

Source: telemetry-admin spec, section 3.4.
"""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Final

from linkerpy.telemetry.histogram import Counts, midpoint
from linkerpy.telemetry.metrics import Counter, Gauge, Metric, Node, Stat

MAX_PACKET: Final = 1400
"""Bytes of a packet, so that it needs no fragments; a line that is longer has one of its own."""

MOST_SAMPLES: Final = 250
"""About as many samples of one stat are sent per flush at most."""

LEAST_RATE: Final = 1e-6
"""What six decimals can still tell."""

_FOREIGN = re.compile(r"[^/A-Za-z0-9]")


def statsd_name(prefix: str, names: Iterable[str]) -> str:
    """A metric's name: its segments, and the slashes inside them, divided by dots."""
    path = _FOREIGN.sub("_", "/".join(names)).replace("//", "/").replace("/", ".")
    return f"{prefix}.{path}"


@dataclass(slots=True)
class _Sent:
    """What a metric has told so far."""

    metric: Metric
    name: str
    total: int = 0
    counts: Counts = field(default_factory=dict)


class Flushes:
    """The lines of one flush after the other; remembers what the last one told."""

    def __init__(self, root: Node, prefix: str, rate: float, random: Random) -> None:
        self._root = root
        self._prefix = prefix
        self._rate = rate
        self._random = random
        self._sent: dict[tuple[str, ...], _Sent] = {}

    def lines(self, *, gauges: bool = True) -> Iterator[str]:
        """What is new since the last flush, and with `gauges` what they say now.

        Empty strings stand for metrics with nothing to tell. A line may be two that must not be
        parted.
        """
        before, now = self._sent, dict[tuple[str, ...], _Sent]()
        whole = False
        try:
            for names, metric in _visit(self._root, ()):
                sent = before.get(names)
                if sent is None or sent.metric is not metric:  # a name that went and came again
                    sent = _Sent(metric, statsd_name(self._prefix, names))
                now[names] = sent
                yield from self._news(sent, metric, gauges)
            whole = True
        finally:  # what was not reached must not begin anew
            self._sent = now if whole else before | now

    def _news(self, sent: _Sent, metric: Metric, gauges: bool) -> Iterator[str]:
        match metric:
            case Counter():
                yield _counter(sent, metric.value)
            case Gauge():
                yield _gauge(sent.name, metric) if gauges and metric.live else ""
            case Stat():
                yield from self._stat(sent, metric.counts)

    def _stat(self, sent: _Sent, counts: Counts) -> Iterator[str]:
        old, sent.counts = sent.counts, counts
        new = {index: n - old.get(index, 0) for index, n in counts.items()}
        total = sum(new.values())
        if not total:
            return
        rate = max(min(self._rate, MOST_SAMPLES / total), LEAST_RATE if self._rate else 0)
        tail = "|ms" if rate == 1 else f"|ms|@{rate:.6f}"
        for index, n in new.items():
            for _ in range(self._drawn(n, rate)):
                yield f"{sent.name}:{midpoint(index)}{tail}"

    def _drawn(self, n: int, rate: float) -> int:
        """How many of `n` are sent, each with that probability.

        Steps from one that is sent to the next: it takes as long as there are lines to send.
        """
        if rate >= 1:
            return n
        found, position = 0, 0
        while rate > 0:
            position += 1 + int(math.log(1 - self._random.random()) / math.log1p(-rate))
            if position > n:
                break
            found += 1
        return found


def _visit(node: Node, names: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Metric]]:
    node.settle()
    if node.metric is not None:
        yield names, node.metric
    for name, child in list(node.children.items()):
        yield from _visit(child, (*names, name))


def _counter(sent: _Sent, value: int) -> str:
    delta, sent.total = value - sent.total, value
    return f"{sent.name}:{delta}|c" if delta else ""


def _gauge(name: str, gauge: Gauge) -> str:
    value = gauge.value
    if not math.isfinite(value):
        return ""
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    line = f"{name}:{text}|g"
    # A sign means "change by" to many servers: from zero, that comes to the same.
    return f"{name}:0|g\n{line}" if text.startswith("-") else line


def packets(lines: Iterable[str]) -> Iterator[bytes]:
    """The lines in packets; empty ones stand for lines that filled none, to keep turns short.

    If `lines` raises, what came before is told first.
    """
    waiting: list[bytes] = []
    size = 0
    failure: Exception | None = None
    try:
        for line in lines:
            data = line.encode("utf-8", "replace")
            if waiting and size + len(data) > MAX_PACKET:
                yield b"\n".join(waiting)
                waiting, size = [], 0
            if data:
                waiting.append(data)
                size += len(data) + 1
            yield b""
    except Exception as error:  # noqa: BLE001 - raised again below
        failure = error
    if waiting:
        yield b"\n".join(waiting)
    if failure is not None:
        raise failure
