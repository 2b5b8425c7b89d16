"""`python -m bench.soak`: mixed traffic through a router with two workers while things break.

Callers of HTTP, TLS and TCP, polite ones and rude ones, while the configuration is reloaded,
endpoints come and go, backends and a worker are killed. It fails on any error that no killed
process explains, when the router complains of a defect, and, in runs of some minutes, when file
descriptors or memory grow.
"""

import argparse
import time
from contextlib import ExitStack
from functools import partial

from bench.processes import BenchError, run
from bench.report import table
from bench.soak.ledger import Ledger
from bench.soak.traffic import Traffic
from bench.soak.watch import LONG_ENOUGH, Watch
from bench.soak.world import World

_WARM_UP = 0.2
"""The part of the time, a minute at most, in which growth is no news."""

_BAD_WORDS = ("Traceback", "a defect", "Unhandled")


def main() -> None:
    """Run; one line and exit code 1 when something is amiss."""
    run(partial(soak, options=_options()))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0, help="how long (30)")
    parser.add_argument("--every", type=float, default=5.0, help="seconds between troubles (5)")
    return parser.parse_args()


def soak(stack: ExitStack, options: argparse.Namespace) -> None:
    """Raises: BenchError that names everything that is amiss."""
    ledger, watch = Ledger(), Watch()
    world = World(stack, ledger)
    seconds = options.minutes * 60
    began = time.monotonic()
    warm = began + min(_WARM_UP * seconds, 60)
    with Traffic(world.ports, world.certs, ledger):
        trouble = began + options.every
        while (now := time.monotonic()) < began + seconds:
            if now >= trouble:
                trouble = now + options.every
                world.disturb()
            if now >= warm:
                watch.look(now, {"supervisor": world.pid, "worker 1": world.workers().get(1, 0)})
            time.sleep(0.5)  # noqa: TID251 - no event loop here
    ledger.judge()
    print(_tables(ledger, watch))
    amiss = _amiss(ledger, watch, world)
    if amiss:
        raise BenchError("amiss:\n" + "\n".join(amiss))


def _tables(ledger: Ledger, watch: Watch) -> str:
    kinds = sorted(ledger.answers | ledger.explained | ledger.unexplained)
    heads = ["traffic", "answered", "failed by a kill", "failed otherwise"]
    traffic = [
        [
            kind,
            f"{ledger.answers[kind]:,}",
            str(ledger.explained[kind]),
            str(ledger.unexplained[kind]),
        ]
        for kind in kinds
    ]
    troubles = [[name, str(times)] for name, times in sorted(ledger.faults.items())]
    rows = []
    for name, taken in watch.taken.items():
        judged = f"{taken.growth:+.2f}" if taken.seconds >= LONG_ENOUGH else "too short to tell"
        ends = f"{taken.memory[0]:.1f} to {taken.memory[-1]:.1f}"
        rows.append([name, ends, judged, f"{min(taken.files)} to {max(taken.files)}"])
    return "\n\n".join(
        [
            table(heads, traffic),
            table(["trouble", "times"], troubles),
            table(["process", "RSS MB", "% a minute", "file descriptors"], rows),
        ]
    )


def _amiss(ledger: Ledger, watch: Watch, world: World) -> list[str]:
    found = list(ledger.texts)
    left = sum(ledger.unexplained.values()) - len(found)
    if left > 0:
        found.append(f"and {left} more")
    for name, taken in watch.taken.items():
        found += [f"{name}: {complaint}" for complaint in taken.complaints()]
    silent = [kind for kind, times in ledger.answers.items() if not times]
    found += [f"{kind}: nothing was answered" for kind in silent]
    found += [line for line in world.output.splitlines() if any(bad in line for bad in _BAD_WORDS)]
    return found


if __name__ == "__main__":
    main()
