"""Env: what a plugin is given to build its running part with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from linkerpy.core.clock import Clock, TimerWheel
from linkerpy.naming.inet import Inet
from linkerpy.net.tls_failures import TlsFailures
from linkerpy.router.rolling_log import LogFiles
from linkerpy.telemetry.metrics import Metrics
from linkerpy.telemetry.tracing import Tracing


@dataclass(slots=True)
class Env:
    """The process as its parts see it: time, network, names, numbers, chance."""

    reactor: Any
    """The Twisted reactor, for listening, connecting and watching."""
    clock: Clock
    timers: TimerWheel
    inet: Inet
    """Host names, looked up again while observed."""
    metrics: Metrics
    """The root of the metrics tree; take a scope of it."""
    random: Random = field(default_factory=Random)
    logs: LogFiles = field(default_factory=LogFiles)
    """Files that access logs are written to."""
    tracing: Tracing | None = None
    """Who wants the spans of requests; None is nobody, and nothing is recorded."""
    sends_metrics: bool = True
    """Whether telemeters send metrics by themselves; False where another process sends ours."""
    has_traffic: bool = True
    """Whether there are requests to trace; False where other processes have them all."""
    within: tuple[str, ...] = ()
    """The metrics scope of the router that something is built for, by its names."""
    states: dict[str, Callable[[], Any]] = field(default_factory=dict)
    """State pages by path: what each shows, as JSON. Who follows something adds its own."""
    tls_failures: TlsFailures = field(default_factory=TlsFailures)
    """The latest of the process."""
