"""What came out: tables for people, bench/results/latest.json for comparing runs."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bench.scenarios import FEW

RESULTS = Path(__file__).parent / "results"
DOCUMENT = Path(__file__).parents[1] / "docs" / "benchmarks.md"
PEERS = ("nginx", "haproxy", "envoy")
"""Whom ratios are given to."""


@dataclass(frozen=True)
class Round:
    """One proxy under one load once."""

    us: float
    """CPU time of the proxy's process, user and system, for each unit: microseconds."""
    per_second: float
    p50_ms: float | None
    p99_ms: float | None
    rss_mb: float


Rounds = Mapping[str, Sequence[Round]]
"""By proxy."""


@dataclass(frozen=True)
class Results:
    """All that a run has found."""

    loads: Mapping[str, tuple[str, Rounds]]
    """By scenario: its unit, and the rounds."""
    memory: Mapping[str, tuple[str, Mapping[str, float]]]
    """By what takes it: the unit, and the figure of each proxy."""
    notes: Sequence[str]
    """What could not be measured, and why."""
    versions: Mapping[str, str]
    settings: Mapping[str, object]


def tables(results: Results) -> str:
    """All tables, in Markdown."""
    parts = [
        f"## {title}\n\n{load_table(unit, rounds)}"
        for title, (unit, rounds) in results.loads.items()
    ]
    if results.memory:
        parts.append(f"## Memory\n\n{_memory_table(results.memory)}")
    if results.notes:
        parts.append("## Not measured\n\n" + "\n".join(f"- {note}" for note in results.notes))
    return "\n\n".join(parts)


def load_table(unit: str, rounds: Rounds) -> str:
    """Medians of one scenario, and the ratios of CPU time to those peers that were measured."""
    cost = {name: median(one.us for one in each) for name, each in rounds.items() if each}
    peers = [peer for peer in PEERS if peer in cost]
    ratios = [f"CPU / {peer}'s" for peer in peers]
    heads = ["proxy", f"CPU µs per {unit}", "(min to max)", *ratios]
    heads += [f"{unit}s per second", "p50 ms", "p99 ms", "RSS MB"]
    rows = []
    for name, mine in cost.items():
        each = rounds[name]
        costs = [one.us for one in each]
        row = [name, f"{mine:.1f}", f"{min(costs):.1f} to {max(costs):.1f}"]
        row += [f"{mine / cost[peer]:.2f}" for peer in peers]
        row.append(f"{median(one.per_second for one in each):,.0f}")
        row += [_median_ms([one.p50_ms for one in each]), _median_ms([one.p99_ms for one in each])]
        rows.append([*row, f"{median(one.rss_mb for one in each):.1f}"])
    return table(heads, rows)


def _median_ms(found: Sequence[float | None]) -> str:
    known = [one for one in found if one is not None]
    return f"{median(known):.2f}" if known else "-"


def _memory_table(memory: Mapping[str, tuple[str, Mapping[str, float]]]) -> str:
    names = list(dict.fromkeys(name for _, found in memory.values() for name in found))
    rows = [
        [title, unit, *(f"{found[name]:.1f}" if name in found else "-" for name in names)]
        for title, (unit, found) in memory.items()
    ]
    return table(["of the proxy, for", "", *names], rows)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown; all but the first column to the right."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


_DOCUMENT = """\
# Benchmarks

Written by `make bench` on {date}; do not edit. {machine}. {versions}.

Every proxy forwards to the same backend, an NGINX that answers by itself, with one thread, kept
connections to the backend and no access log, and otherwise with its package's defaults; linkerpy
has the whole default stack of a router. The proxies share one core; the load generator (wrk; for
handshakes and the gigabyte a small Python program) and the backend share another. All proxies run
all the time and take turns within each round, so that a slow minute of the machine hits all alike.
A figure is the median of {rounds} rounds of {seconds} s; RSS is read at the end of each.

- **CPU** is the time of the proxy's process, user and system, divided by what was done. It hardly
  depends on the load and is what to compare; the ratios are to the peers of the same run.
- **Requests per second, p50 and p99** are those of a proxy on one core that is given all it can
  take, by {connections} connections at once (megabytes: by {few}): the wait is in the queue.
  Handshakes are made one after another.
- *linkerpy, compiled* is the same program with its data path compiled (`make compiled`);
  *twisted.web* is Twisted's own reverse proxy.
- A response has 128 bytes where nothing else is said.
- **Memory** is that of a process of its own, which has done little before. Up to 0.1 KB is noise.

{tables}
"""


def document(results: Results) -> str:
    """The whole report as a document."""
    s = results.settings
    versions = ", ".join(f"{name} {number}" for name, number in results.versions.items())
    return _DOCUMENT.format(
        date=datetime.now(UTC).date().isoformat(),
        machine=f"Machine: {_cpu_model()}, {_cores()} cores, {platform.system()} "
        f"{platform.release().partition('-')[0]}, Python {platform.python_version()}",
        versions=f"Measured: {versions}",
        rounds=s["rounds"],
        seconds=s["seconds"],
        connections=s["connections"],
        few=FEW,
        tables=tables(results),
    )


def save(results: Results) -> Path:
    """Write everything, single rounds included, for later comparison."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / "latest.json"
    machine = {"cpu": _cpu_model(), "cores": _cores(), "python": platform.python_version()}
    when = datetime.now(UTC).isoformat(timespec="seconds")
    content = {"when": when, "machine": machine, **asdict(results)}
    path.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    return path


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _cpu_model() -> str:
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
