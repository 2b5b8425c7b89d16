"""Figures about this process, under the names linkerd's dashboards ask for.

Source: telemetry-admin spec, section 2.8.
"""

import gc
import os
import resource
import threading
import time
from typing import Any

from linkerpy.core.clock import Clock
from linkerpy.core.closable import Closable, Group, OnClose
from linkerpy.telemetry.metrics import Metrics

LAG_INTERVAL = 0.5
"""Seconds between two looks at how late the event loop is."""


def watch_process(metrics: Metrics, clock: Clock) -> Closable:
    """Add the gauges, and sample the event loop's lag until the handle is closed."""
    group = Group()
    started = time.time()
    jvm, process = metrics.scope("jvm"), metrics.scope("process")
    group.add(jvm.gauge("start_time", read=lambda: started * 1000))
    group.add(jvm.gauge("uptime", read=lambda: (time.time() - started) * 1000))
    group.add(jvm.gauge("num_cpus", read=lambda: os.cpu_count() or 1))
    group.add(jvm.gauge("fd_count", read=_open_files))
    group.add(jvm.gauge("fd_limit", read=lambda: resource.getrlimit(resource.RLIMIT_NOFILE)[0]))
    group.add(jvm.gauge("thread", "count", read=threading.active_count))
    group.add(jvm.gauge("mem", "current", "used", read=_resident))
    group.add(jvm.gauge("heap", "used", read=_resident))
    for generation in range(3):
        _watch_gc(jvm, generation, group)
    group.add(process.gauge("rss_bytes", read=_resident))
    group.add(process.gauge("cpu_user_ms", read=lambda: _usage().ru_utime * 1000))
    group.add(process.gauge("cpu_system_ms", read=lambda: _usage().ru_stime * 1000))
    group.add(_watch_lag(process, clock))
    return group


def _watch_gc(jvm: Metrics, generation: int, group: Group) -> None:
    def cycles() -> float:
        return float(gc.get_stats()[generation]["collections"])

    group.add(jvm.gauge("gc", f"gen{generation}", "cycles", read=cycles))
    group.add(jvm.gauge("gc", "cycles", read=cycles))


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
    try:
        with open("/proc/self/statm", "rb") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return _usage().ru_maxrss * 1024
