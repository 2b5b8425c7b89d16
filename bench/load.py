"""Load by wrk: one bounded run, and what it counted."""

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from bench.processes import BenchError, find, pinned

LOAD_CORE = 1
_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 60e3}


@dataclass(frozen=True)
class Load:
    """What one run of wrk did."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float


def wrk(
    port: int,
    connections: int,
    seconds: int,
    scheme: str = "http",
    path: str = "/",
    headers: Sequence[str] = (),
) -> Load:
    """Ask a server for `path` over and over, on kept connections, for a bounded time.

    Raises: BenchError when wrk is missing, or any answer was not a plain success.
    """
    binary = find("wrk")
    if binary is None:
        raise BenchError("wrk is missing: apt-get install wrk")
    command = [binary, "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    command += [part for line in headers for part in ("-H", line)]
    done = subprocess.run(
        pinned(LOAD_CORE, [*command, f"{scheme}://127.0.0.1:{port}{path}"]),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds + 30,
        check=False,
    )
    if done.returncode != 0:
        raise BenchError(f"wrk ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return parse(done.stdout)


def parse(report: str) -> Load:
    """Read wrk's report.

    Raises: BenchError when it tells of errors: such a round compares nothing.
    """
    errors = re.search(r"^\s*(Socket errors|Non-2xx).*$", report, re.MULTILINE)
    total = re.search(r"(\d+) requests in ([\d.]+)(us|ms|s|m)\b", report)
    if errors is not None or total is None:
        raise BenchError(f"not every request was answered well:\n{report}")
    return Load(
        requests=int(total[1]),
        seconds=float(total[2]) * _UNITS[total[3]] / 1e3,
        p50_ms=_percentile(report, 50),
        p99_ms=_percentile(report, 99),
    )


def _percentile(report: str, percent: int) -> float:
    found = re.search(rf"^\s*{percent}%\s+([\d.]+)(us|ms|s|m)\b", report, re.MULTILINE)
    return float(found[1]) * _UNITS[found[2]] if found else 0.0
