"""Taking turns: what several proxies are measured at, in rounds, and a table of the medians."""

import argparse
import signal
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.processes import BenchError, cpu_seconds

PROXY_CORE = 0

Unit = Callable[[int, argparse.Namespace], float]
"""Does some of what is measured at a port; how much of it."""

Figures = Mapping[tuple[str, str], Sequence[float]]
"""By proxy and unit, what each round cost: CPU time of the proxy, in microseconds per unit."""


def take_turns(
    where: Mapping[str, tuple[int, int]], units: Mapping[str, Unit], options: argparse.Namespace
) -> Figures:
    """Measure every unit at every proxy in each of `options.rounds`.

    `where` has each one's process id and port.
    """
    found: dict[tuple[str, str], list[float]] = {}
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
        for what, unit in units.items():
            for name, (pid, port) in where.items():
                before = cpu_seconds(pid)
                try:
                    times = unit(port, options)
                except OSError as error:
                    raise BenchError(f"{name}, {what}: {error!r}") from error
                cost = (cpu_seconds(pid) - before) * 1e6 / times
                found.setdefault((name, what), []).append(cost)
    return found


def spread(rounds: Sequence[float]) -> str:
    """The median, and the rounds that are farthest from it."""
    return f"{statistics.median(rounds):.0f} ({min(rounds):.0f} to {max(rounds):.0f})"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def run(
    measure: Callable[[ExitStack, argparse.Namespace], None], options: argparse.Namespace
) -> None:
    """Measure; one line and exit code 1 when it cannot be."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with ExitStack() as stack:
            measure(stack, options)
    except BenchError as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def directory(stack: ExitStack) -> Path:
    """A directory that lasts as long as `stack`."""
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="linkerpy-bench-")))
