"""`python -m bench.mariadb`: sysbench's mixed reads and writes, straight and through TCP proxies.

A transaction is sysbench's `oltp_read_write`: 18 statements, one after the other, on 8 connections.
CPU is that of the proxy, per transaction. All share one core, so that what a proxy costs is missing
from the rate, and no wake-up of another core is in it. Needs mariadb-server and sysbench of Debian.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.load import LOAD_CORE
from bench.processes import BenchError, cpu_seconds, directory, find, free_port, pinned, running
from bench.processes import run as run_all
from bench.report import table
from bench.subjects import SUBJECTS, Work

_ROWS = 10_000
_CONNECTIONS = 8
_ACCOUNT = "mesh"
_PROXIES = ("linkerpy", "linkerpy, compiled", "haproxy")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.mariadb", description=__doc__)
    parser.add_argument("--rounds", type=int, default=4, help="rounds for each way (4)")
    parser.add_argument("--seconds", type=int, default=5, help="length of a round (5)")
    return parser.parse_args()


def measure(stack: ExitStack, options: argparse.Namespace) -> None:
    """Start everything, take turns, print the medians."""
    database = _database(stack)
    _sysbench(database, "prepare", 0)
    where: dict[str, tuple[int | None, int]] = {"straight": (None, database)}
    for subject in (one for one in SUBJECTS if one.name in _PROXIES):
        root = directory(stack)
        work = Work("tcp", free_port(), database, root, root)
        command = subject.command(work)
        where[subject.name] = (
            stack.enter_context(running(command, work.port, root, LOAD_CORE)),
            work.port,
        )
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in where}
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
        for name, (pid, port) in where.items():
            before = 0 if pid is None else cpu_seconds(pid)
            count, millis = _read(_sysbench(port, "run", options.seconds))
            used = 0 if pid is None else cpu_seconds(pid) - before
            found[name].append((count / options.seconds, millis, used * 1e6 / count))
    heads = ["", "transactions per second", "ms each", "µs of the proxy's CPU each"]
    rows = []
    for name, rounds in found.items():
        rates, times, costs = ([one[column] for one in rounds] for column in range(3))
        rows.append([name, _spread(rates), f"{statistics.median(times):.1f}", _spread(costs)])
    print(table(heads, rows))


def _spread(rounds: Sequence[float]) -> str:
    """The median, and the rounds that are farthest from it."""
    return f"{statistics.median(rounds):.0f} ({min(rounds):.0f} to {max(rounds):.0f})"


def _database(stack: ExitStack) -> int:
    """A MariaDB with a database to measure; its port."""
    server, install = find("mariadbd"), find("mariadb-install-db")
    if server is None or install is None or find("sysbench") is None:
        raise BenchError("missing: apt-get install mariadb-server sysbench")
    root, port = directory(stack), free_port()
    data = root / "data"
    data.mkdir()
    user = ["--user=mysql"] if os.geteuid() == 0 else []
    for path in (root, data) if user else ():
        shutil.chown(path, "mysql")
    make = [install, "--no-defaults", f"--datadir={data}", "--skip-test-db", *user]
    _run([*make, "--auth-root-authentication-method=normal"])
    account = f"create user {_ACCOUNT}@'%' identified by '{_ACCOUNT}'"
    grant = f"grant all on *.* to {_ACCOUNT}@'%'"
    first = root / "first.sql"
    first.write_text(f"{account};\n{grant};\ncreate database sbtest;\n", "utf-8")
    command = [
        *(server, "--no-defaults", f"--datadir={data}", f"--socket={root}/socket", *user),
        *(f"--port={port}", "--bind-address=127.0.0.1", f"--init-file={first}"),
        *("--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0", f"--pid-file={root}/pid"),
    ]
    stack.enter_context(running(command, port, root, LOAD_CORE))
    return port


def _sysbench(port: int, what: str, seconds: int) -> str:
    account = [f"--mysql-user={_ACCOUNT}", f"--mysql-password={_ACCOUNT}"]
    command = [
        *(find("sysbench") or "sysbench", "oltp_read_write", "--mysql-host=127.0.0.1"),
        *(f"--mysql-port={port}", *account, "--mysql-ssl=off", f"--table-size={_ROWS}"),
        *(f"--time={seconds}", f"--threads={_CONNECTIONS}", "--tables=1", what),
    ]
    return _run(pinned(LOAD_CORE, command))


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        said = f"{done.stdout[-1000:]}{done.stderr[-1000:]}"
        raise BenchError(f"{Path(command[0]).name} ended with {done.returncode}:\n{said}")
    return done.stdout


def _read(report: str) -> tuple[int, float]:
    """How many transactions sysbench counted, and the milliseconds that one took."""
    times = re.search(r"transactions:\s+(\d+)", report)
    millis = re.search(r"avg:\s+([\d.]+)", report)
    if times is None or millis is None or not int(times[1]):
        raise BenchError(f"sysbench counted nothing:\n{report}")
    return int(times[1]), float(millis[1])


if __name__ == "__main__":
    asked = _options()
    run_all(lambda stack: measure(stack, asked))
