"""`python -m bench`: start every subject, load them in turn, print and save the figures.

Proxies share one core, wrk and the backend the other, where there are two: each then costs its
own. The subjects take turns within each round, so that a slow minute of the machine hits all.
"""

import argparse
import pstats
import signal
import sys
import tempfile
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from bench import layers, report
from bench.load import LOAD_CORE, wrk
from bench.processes import BenchError, cpu_seconds, free_port, rss_mb, running
from bench.subjects import REPLY, SUBJECTS, backend, twistd

PROXY_CORE = 0
WARM_UP_SECONDS = 1


def main() -> None:
    """Run what the command line asks for; one line and exit code 1 when it cannot be."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = _options()
    try:
        with ExitStack() as stack:
            profile(stack, options) if options.profile else measure(stack, options)
    except BenchError as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=report.__doc__)
    names = [subject.name for subject in SUBJECTS]
    parser.add_argument("--rounds", type=int, default=5, help="rounds for each proxy (5)")
    parser.add_argument("--seconds", type=int, default=3, help="length of a round (3)")
    parser.add_argument("--connections", type=int, default=64, help="kept connections (64)")
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="just these")
    parser.add_argument("--quick", action="store_true", help="two rounds of one second")
    parser.add_argument(
        "--profile", action="store_true", help="profile the router's functions instead"
    )
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 2, 1
    return options


def measure(stack: ExitStack, options: argparse.Namespace) -> None:
    """Measure CPU per request of each subject, in turns."""
    upstream = _start_backend(stack)
    chosen = [subject for subject in SUBJECTS if subject.name in options.only]
    rounds: dict[str, list[report.Round]] = {subject.name: [] for subject in chosen}
    where: dict[str, tuple[int, int]] = {}
    for subject in chosen:
        port, root = free_port(), _directory(stack)
        command = subject.command(port, upstream, root)
        pid = stack.enter_context(running(command, port, root, PROXY_CORE))
        _check_it_forwards(subject.name, port)
        wrk(port, options.connections, WARM_UP_SECONDS)
        where[subject.name] = pid, port
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
        for name, (pid, port) in where.items():
            rounds[name].append(_one_round(pid, port, options))
    measured = [
        report.Measured(name, rounds[name], rss_mb(pid)) for name, (pid, _) in where.items()
    ]
    print(report.table(measured))
    print(layers.table())
    print(report.save(measured, vars(options)))


def _one_round(pid: int, port: int, options: argparse.Namespace) -> report.Round:
    before = cpu_seconds(pid)
    load = wrk(port, options.connections, options.seconds)
    used = cpu_seconds(pid) - before
    return report.Round(
        us_per_request=used * 1e6 / load.requests,
        requests_per_second=load.requests / load.seconds,
        p50_ms=load.p50_ms,
        p99_ms=load.p99_ms,
    )


def profile(stack: ExitStack, options: argparse.Namespace) -> None:
    """Run the router alone under cProfile and print the functions that took the most time."""
    report.RESULTS.mkdir(exist_ok=True)
    stats = report.RESULTS / "linkerpy.prof"
    upstream, port, root = _start_backend(stack), free_port(), _directory(stack)
    flags = ("--savestats", "--profiler=cprofile", f"--profile={stats}")
    with running(twistd(port, upstream, root, *flags), port, root, PROXY_CORE):
        wrk(port, options.connections, options.seconds)
    pstats.Stats(str(stats)).sort_stats("tottime").print_stats(40)
    print(stats)


def _start_backend(stack: ExitStack) -> int:
    port, root = free_port(), _directory(stack)
    stack.enter_context(running(backend(port, root), port, root, LOAD_CORE))
    return port


def _directory(stack: ExitStack) -> Path:
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="linkerpy-bench-")))


def _check_it_forwards(name: str, port: int) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(f"http://127.0.0.1:{port}/", timeout=5) as answer:
        if answer.read() != REPLY.encode("ascii"):
            raise BenchError(f"{name} did not forward the backend's reply")


if __name__ == "__main__":
    main()
