"""Processes being measured: pinned to a core, waited for, read from /proc, ended."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_START_SECONDS = 20


class BenchError(Exception):
    """A run that would measure something else than it says."""


class Absent(BenchError):
    """A program that is not installed."""

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(f"{what} is missing: {cure}")


def run(measure: Callable[[ExitStack], None]) -> None:
    """Measure; what was started ends with it. One line and exit code 1 when it cannot be."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with ExitStack() as stack:
            measure(stack)
    except BenchError as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def directory(stack: ExitStack) -> Path:
    """A directory that lasts as long as `stack`."""
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="linkerpy-bench-")))


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def find(program: str) -> str | None:
    """Return the path of a program; /usr/sbin and this interpreter's scripts may not be on PATH."""
    places = (os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin", Path(sys.executable).parent)
    return shutil.which(program, path=os.pathsep.join(map(str, places)))


def pinned(core: int, command: Sequence[str]) -> list[str]:
    """Return the command bound to a core, where there are at least two and taskset."""
    taskset = find("taskset")
    allowed = sorted(os.sched_getaffinity(0))
    if taskset is None or len(allowed) < 2:
        return list(command)
    return [taskset, "-c", str(allowed[core]), *command]


@contextmanager
def running(command: Sequence[str], port: int, directory: Path, core: int) -> Iterator[int]:
    """Run a server while the block lasts; yields its process id once it accepts connections.

    Raises: BenchError with what it said, when it does not come up.
    """
    log = directory / "output.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            pinned(core, command), stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        _wait_until_it_listens(process, port, log)
        yield process.pid
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
        process.kill()
        process.wait()


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.05)
        if process.returncode is not None or time.monotonic() > deadline:
            raise BenchError(f"{process.args!r} did not start:\n{log.read_text('utf-8')}")


def cpu_seconds(pid: int) -> float:
    """Return the CPU time a process has used in all its threads, user and system."""
    # The name in parentheses may hold spaces; fields are counted from behind it.
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


def rss_mb(pid: int) -> float:
    """Return the resident memory of a process, in MB."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    (line,) = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024
