"""Env: what a plugin is given to build its running part with."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from linkerpy.core.clock import Clock, TimerWheel
from linkerpy.naming.inet import Inet
from linkerpy.net.tls_failures import TlsFailures
from linkerpy.router.rolling_log import LogFiles
from linkerpy.telemetry.metrics import Metrics


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
    tls_failures: TlsFailures = field(default_factory=TlsFailures)
    """The latest of the process."""
