"""`python -m bench`: start the proxies, load them in turn, print and save the figures.

Proxies share one core, the load and the backend the other, where there are two: each then costs its
own. The proxies take turns within each round, so that a slow minute of the machine hits all.
"""

import argparse
import pstats
import sys
import urllib.request
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import layers, report
from bench.load import LOAD_CORE, wrk
from bench.processes import (
    Absent,
    BenchError,
    cpu_seconds,
    directory,
    free_port,
    rss_mb,
    run,
    running,
)
from bench.scenarios import FEW, MANY, MEMORY, SCENARIOS, Memory, Scenario
from bench.subjects import SMALL, SUBJECTS, Kind, Subject, Work, backend, twistd
from linkerpy.app.throwaway_ca import make_certificates

PROXY_CORE = 0
WARM_UP_SECONDS = 1
KINDS = tuple(dict.fromkeys(scenario.kind for scenario in SCENARIOS))

Where = Mapping[str, tuple[int, int]]
"""Process id and port of each proxy."""


@dataclass(frozen=True)
class Place:
    """What all proxies have in common."""

    backend: int
    """Its port."""
    certs: Path
    """A directory with the certificate of `localhost`."""


def main() -> None:
    """Run what the command line asks for; one line and exit code 1 when it cannot be."""
    options = _options()
    run(partial(profile if options.profile else measure, options=options))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    names = [subject.name for subject in SUBJECTS]
    parser.add_argument("--rounds", type=int, default=5, help="rounds for each proxy (5)")
    parser.add_argument("--seconds", type=int, default=2, help="length of a round (2)")
    parser.add_argument("--connections", type=int, default=MANY, help=f"at once ({MANY})")
    parser.add_argument("--handshakes", type=int, default=500, help="of a round (500)")
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="just these")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="just these")
    parser.add_argument("--quick", action="store_true", help="two rounds of one second")
    parser.add_argument(
        "--profile", action="store_true", help="profile the router's functions and layers instead"
    )
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.handshakes = 2, 1, 100
    options.whole = not options.quick and options.only == names and options.kinds == KINDS
    return options


class Turns:
    """The figures of one run, as they come."""

    def __init__(self, options: argparse.Namespace) -> None:
        """Measure nothing yet."""
        self.options = options
        self.notes: dict[str, None] = {}
        self.versions: dict[str, str] = {}
        self.loads: dict[str, tuple[str, dict[str, list[report.Round]]]] = {}
        self.memory: dict[str, tuple[str, dict[str, float]]] = {}

    def start(
        self, stack: ExitStack, subject: Subject, kind: Kind, place: Place
    ) -> tuple[int, int] | None:
        """Start a proxy and see it forward: process id and port. None where it is not installed."""
        work = Work(kind, free_port(), place.backend, directory(stack), place.certs)
        try:
            command = subject.command(work)
        except Absent as absent:
            self.notes[str(absent)] = None
            return None
        self.versions[subject.name] = subject.version()
        pid = stack.enter_context(running(command, work.port, work.root, PROXY_CORE))
        if kind == "http":
            _check_it_forwards(subject.name, work.port)
        wrk(work.port, FEW, WARM_UP_SECONDS, "https" if kind == "https" else "http")
        return pid, work.port

    def rounds(self, scenarios: Iterable[Scenario], where: Where) -> None:
        """Give every proxy its turn at every scenario, again and again."""
        for number in range(self.options.rounds):
            print(f"round {number + 1} of {self.options.rounds}", file=sys.stderr)
            for scenario in scenarios:
                _, found = self.loads.setdefault(scenario.title, (scenario.unit, {}))
                for name, (pid, port) in where.items():
                    try:
                        one = _round(scenario, pid, port, self.options)
                    except (BenchError, OSError) as error:
                        self._failed(name, scenario.title, error)
                    else:
                        found.setdefault(name, []).append(one)

    def take(self, what: Memory, subjects: Iterable[Subject], place: Place) -> None:
        """Measure memory, of processes that have done nothing else: others have some to spare."""
        count = what.quick if self.options.quick else what.count
        title = what.title.format(count=count)
        _, found = self.memory.setdefault(title, (what.unit, {}))
        for subject in subjects:
            with ExitStack() as stack:
                try:
                    started = self.start(stack, subject, what.kind, place)
                    if started is not None:
                        taken = what.measure(*started, count, tls=what.kind == "https")
                        found[subject.name] = taken
                except (BenchError, OSError) as error:
                    self._failed(subject.name, title, error)

    def results(self) -> report.Results:
        """What has been found."""
        settings = {name: value for name, value in vars(self.options).items() if name != "profile"}
        return report.Results(self.loads, self.memory, list(self.notes), self.versions, settings)

    def _failed(self, name: str, title: str, error: Exception) -> None:
        print(f"{name}: {title}: {error}", file=sys.stderr)
        self.notes[f"{name}: {title}: {str(error).splitlines()[0]}"] = None


def measure(stack: ExitStack, options: argparse.Namespace) -> None:
    """Measure every scenario at every proxy that is there."""
    turns = Turns(options)
    place = Place(_start_backend(stack), directory(stack))
    make_certificates(place.certs, ["localhost"])
    for kind in options.kinds:
        subjects = [s for s in SUBJECTS if kind in s.kinds and s.name in options.only]
        with ExitStack() as running_now:
            started = {s.name: turns.start(running_now, s, kind, place) for s in subjects}
            where = {name: found for name, found in started.items() if found is not None}
            turns.rounds([one for one in SCENARIOS if one.kind == kind], where)
        for what in MEMORY:
            if what.kind == kind:
                turns.take(what, subjects, place)
    results = turns.results()
    print(report.tables(results))
    print(report.save(results))
    if options.whole:
        report.DOCUMENT.write_text(report.document(results), "utf-8")
        print(report.DOCUMENT)


def _round(scenario: Scenario, pid: int, port: int, options: argparse.Namespace) -> report.Round:
    before = cpu_seconds(pid)
    load = scenario.run(port, options)
    used = cpu_seconds(pid) - before
    return report.Round(
        us=used * 1e6 / load.units,
        per_second=load.units / load.seconds,
        p50_ms=load.p50_ms,
        p99_ms=load.p99_ms,
        rss_mb=rss_mb(pid),
    )


def profile(stack: ExitStack, options: argparse.Namespace) -> None:
    """Run the router alone under cProfile: the functions that took the most time, and layers."""
    report.RESULTS.mkdir(exist_ok=True)
    stats = report.RESULTS / "linkerpy.prof"
    root = directory(stack)
    work = Work("http", free_port(), _start_backend(stack), root, root)
    flags = ("--savestats", "--profiler=cprofile", f"--profile={stats}")
    with running(twistd(work, *flags), work.port, root, PROXY_CORE):
        wrk(work.port, options.connections, options.seconds)
    pstats.Stats(str(stats)).sort_stats("tottime").print_stats(40)
    print(layers.table())
    print(stats)


def _start_backend(stack: ExitStack) -> int:
    port, root = free_port(), directory(stack)
    stack.enter_context(running(backend(port, root), port, root, LOAD_CORE))
    return port


def _check_it_forwards(name: str, port: int) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(f"http://127.0.0.1:{port}/", timeout=5) as answer:
        if answer.read() != SMALL.encode("ascii"):
            raise BenchError(f"{name} did not forward the backend's reply")


if __name__ == "__main__":
    main()
