"""What came out: a table for people, bench/results/latest.json for comparing runs."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Round:
    """One subject under load once."""

    us_per_request: float
    """CPU time of the proxy process divided by requests answered."""
    requests_per_second: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Measured:
    """A subject over all rounds."""

    name: str
    rounds: Sequence[Round]
    rss_mb: float
    """Resident memory right after the last round."""

    @property
    def us(self) -> float:
        """Median CPU per request, in microseconds."""
        return median(each.us_per_request for each in self.rounds)


def table(measured: Sequence[Measured]) -> str:
    """Return the results as lines of text; ratios are to NGINX when it was measured."""
    base = next((each.us for each in measured if each.name == "nginx"), None)
    head = f"{'proxy':<12} {'us CPU/request':>15} {'(min-max)':>14} {'x nginx':>8}"
    lines = [f"{head} {'requests/s':>11} {'p50 ms':>7} {'p99 ms':>7} {'RSS MB':>7}"]
    for each in measured:
        costs = [one.us_per_request for one in each.rounds]
        ratio = f"{each.us / base:.2f}" if base else "-"
        rate = median(one.requests_per_second for one in each.rounds)
        p50 = median(one.p50_ms for one in each.rounds)
        p99 = median(one.p99_ms for one in each.rounds)
        spread = f"({min(costs):.0f}-{max(costs):.0f})"
        lines.append(
            f"{each.name:<12} {each.us:>15.1f} {spread:>14} {ratio:>8}"
            f" {rate:>11.0f} {p50:>7.2f} {p99:>7.2f} {each.rss_mb:>7.1f}"
        )
    return "\n".join(lines)


def save(measured: Sequence[Measured], settings: Mapping[str, object]) -> Path:
    """Write everything, single rounds included, for later comparison."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / "latest.json"
    content = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "cpu": _cpu_model(),
            "cores": len(os.sched_getaffinity(0)),
            "python": platform.python_version(),
            "twisted": version("twisted"),
        },
        "settings": settings,
        "results": [{"us_per_request": each.us, **asdict(each)} for each in measured],
    }
    path.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    return path


def _cpu_model() -> str:
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
