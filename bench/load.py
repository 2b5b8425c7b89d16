"""Load by wrk: one bounded run, and what it counted."""

import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

from bench.processes import Absent, BenchError, find, pinned

LOAD_CORE = 1
_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 60e3}
_POST = 'wrk.method = "POST"; wrk.body = string.rep("x", {size})'


@dataclass(frozen=True)
class Load:
    """What one run of a load did."""

    units: float
    """Requests, handshakes or megabytes."""
    seconds: float
    p50_ms: float | None = None
    p99_ms: float | None = None


def wrk(
    port: int,
    connections: int,
    seconds: int,
    scheme: str = "http",
    path: str = "/",
    headers: Sequence[str] = (),
    post: int = 0,
) -> Load:
    """Ask a server for `path` over and over, on kept connections, for a bounded time.

    `post` is the length of a body to send, in bytes.

    Raises: Absent when there is no wrk; BenchError when any answer was not a plain success.
    """
    binary = find("wrk")
    if binary is None:
        raise Absent("wrk", "apt-get install wrk")
    command = [binary, "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    command += [part for line in headers for part in ("-H", line)]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        if post:
            script.write(_POST.format(size=post))
            script.flush()
            command += ["-s", script.name]
        return _run([*command, f"{scheme}://127.0.0.1:{port}{path}"], seconds)


def _run(command: Sequence[str], seconds: int) -> Load:
    done = subprocess.run(
        pinned(LOAD_CORE, command),
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
    if errors is not None or total is None or total[1] == "0":
        raise BenchError(f"not every request was answered well:\n{report}")
    return Load(
        units=int(total[1]),
        seconds=float(total[2]) * _UNITS[total[3]] / 1e3,
        p50_ms=_percentile(report, 50),
        p99_ms=_percentile(report, 99),
    )


def _percentile(report: str, percent: int) -> float | None:
    found = re.search(rf"^\s*{percent}%\s+([\d.]+)(us|ms|s|m)\b", report, re.MULTILINE)
    return float(found[1]) * _UNITS[found[2]] if found else None
