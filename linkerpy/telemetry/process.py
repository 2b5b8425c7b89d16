"""Figures about this process, under the names linkerd's dashboards ask for.

What only a JVM has is left out; what only an event loop has stands under `process/`.

Source: telemetry-admin spec, section 2.8.
"""

import gc
import os
import resource
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

from linkerpy.core.clock import Clock
from linkerpy.core.closable import Closable, Group, OnClose
from linkerpy.telemetry.metrics import Metrics

LAG_INTERVAL = 0.5
"""Seconds between two looks at how late the event loop is."""

UNLIMITED = -1.0


@runtime_checkable
class EventLoop(Protocol):
    """A clock that is a whole reactor, and can say what it is busy with."""

    def getReaders(self) -> Sequence[Any]:  # noqa: N802 - Twisted's name
        """What it reads from."""

    def getDelayedCalls(self) -> Sequence[Any]:  # noqa: N802 - Twisted's name
        """The calls to come."""


def watch_process(metrics: Metrics, clock: Clock) -> Closable:
    """Add the gauges, and sample the event loop's lag until the handle is closed."""
    group = Group()
    _watch_machine(metrics.scope("jvm"), clock, group)
    _watch_threads(metrics.scope("jvm", "thread"), group)
    _watch_collections(metrics.scope("jvm", "gc"), group)
    process = metrics.scope("process")
    _add(
        group,
        process,
        rss_bytes=_resident,
        cpu_user_ms=lambda: _usage().ru_utime * 1000,
        cpu_system_ms=lambda: _usage().ru_stime * 1000,
    )
    if isinstance(clock, EventLoop):
        loop = clock
        _add(
            group,
            process,
            reactor_readers=lambda: len(loop.getReaders()),
            reactor_delayed_calls=lambda: len(loop.getDelayedCalls()),
        )
    group.add(_watch_lag(process, clock))
    return group


def _add(group: Group, scope: Metrics, **readers: Callable[[], float]) -> None:
    for name, read in readers.items():
        group.add(scope.gauge(name, read=read))


def _watch_machine(jvm: Metrics, clock: Clock, group: Group) -> None:
    began, started = clock.seconds(), time.time()
    _add(
        group,
        jvm,
        start_time=lambda: started * 1000,
        uptime=lambda: (clock.seconds() - began) * 1000,
        num_cpus=lambda: os.cpu_count() or 1,
        fd_count=_open_files,
        fd_limit=lambda: resource.getrlimit(resource.RLIMIT_NOFILE)[0],
    )
    _add(group, jvm.scope("mem", "current"), used=_resident)
    _add(group, jvm.scope("heap"), used=_resident, committed=_virtual, max=_memory_limit)


def _watch_threads(thread: Metrics, group: Group) -> None:
    peak = 0

    def count() -> int:
        nonlocal peak
        now = threading.active_count()
        peak = max(peak, now)
        return now

    def daemons() -> int:
        return sum(thread.daemon for thread in threading.enumerate())

    _add(
        group,
        thread,
        count=count,
        daemon_count=daemons,
        peak_count=lambda: max(count(), peak),
    )


class _Collections:
    """How long the garbage collector took, by generation, until closed."""

    def __init__(self) -> None:
        self.msec = [0.0, 0.0, 0.0]
        self._began: float | None = None
        gc.callbacks.append(self._seen)

    def _seen(self, phase: str, info: dict[str, int]) -> None:
        now = time.perf_counter()
        if phase == "start":
            self._began = now
        elif self._began is not None:
            self.msec[info["generation"]] += (now - self._began) * 1000
            self._began = None

    def close(self) -> None:
        """Watch no more."""
        if self._seen in gc.callbacks:
            gc.callbacks.remove(self._seen)


def _watch_collections(scope: Metrics, group: Group) -> None:
    collections = _Collections()
    group.add(collections)

    def cycles(generation: int) -> Callable[[], float]:
        return lambda: float(gc.get_stats()[generation]["collections"])

    def msec(generation: int) -> Callable[[], float]:
        return lambda: collections.msec[generation]

    for generation in range(3):
        read = {"cycles": cycles(generation), "msec": msec(generation)}
        _add(group, scope.scope(f"gen{generation}"), **read)
        _add(group, scope, **read)  # gauges of one name add up: the three are the total


def _watch_lag(process: Metrics, clock: Clock) -> Closable:
    """How much later than asked the event loop makes a call, in milliseconds."""
    lag = process.stat("reactor_lag_ms")
    timer: Any = None
    due = 0.0

    def look() -> None:
        nonlocal timer, due
        now = clock.seconds()
        if timer is not None:
            lag.add(max(0.0, now - due) * 1000)
        due = now + LAG_INTERVAL
        timer = clock.callLater(LAG_INTERVAL, look)

    look()
    return OnClose(lambda: timer.cancel() if timer.active() else None)


def _usage() -> resource.struct_rusage:
    return resource.getrusage(resource.RUSAGE_SELF)


def _open_files() -> float:
    try:
        return len(os.listdir("/proc/self/fd"))
    except OSError:  # a system without /proc
        return -1


def _resident() -> float:
    """Bytes of memory in use."""
    return _pages(1, otherwise=_usage().ru_maxrss * 1024)


def _virtual() -> float:
    """Bytes of address space in use."""
    return _pages(0, otherwise=UNLIMITED)


def _pages(column: int, otherwise: float) -> float:
    """Bytes, from a column of `statm`; `otherwise` on a system without /proc."""
    try:
        with open("/proc/self/statm", "rb") as statm:
            return int(statm.read().split()[column]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return otherwise


def _memory_limit() -> float:
    """Bytes this process may have: its container's limit, or its own."""
    try:
        with open("/sys/fs/cgroup/memory.max", "rb") as limit:
            return int(limit.read())
    except (OSError, ValueError):  # no such file, or `max`
        own = resource.getrlimit(resource.RLIMIT_AS)[0]
        return UNLIMITED if own == resource.RLIM_INFINITY else own
