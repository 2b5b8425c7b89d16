"""Telemeter `io.l5d.tracelog`: traces in the log.

Source: config spec, section 15.
"""

from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator
from twisted.logger import LogLevel

from linkerpy.config.fields import Number, Text
from linkerpy.core.clock import TimerWheel
from linkerpy.core.closable import NOTHING, Closable
from linkerpy.net.log import log_level, logger
from linkerpy.router.env import Env
from linkerpy.router.families import TelemeterConfig
from linkerpy.router.telemeter import Telemeter
from linkerpy.telemetry.span import ServerSpan
from linkerpy.telemetry.tracelog import trace_line
from linkerpy.telemetry.tracing import Tracer

_log = logger("io.l5d.tracelog")

LEVELS = ("OFF", "FATAL", "CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG", "TRACE", "ALL")

LATENESS: Final = 0.1
"""Seconds until a line is written."""

MOST: Final = 1000
"""Lines that wait at most."""


def _level(level: str) -> str:
    if level.upper() not in LEVELS:
        raise ValueError(f"Illegal log level: {level} (one of {', '.join(LEVELS)})")
    return level.upper()


class TracelogConfig(TelemeterConfig):
    """Logs the traces of a share of requests; a share outside 0 to 1 is taken as the nearest."""

    KIND: ClassVar[str] = "io.l5d.tracelog"

    sample_rate: Number = 1.0
    """The share of requests that are logged."""
    level: Annotated[Text, AfterValidator(_level)] = "INFO"
    """With which level; `OFF` logs nothing."""

    def build(self, env: Env) -> Telemeter:
        """The writer; `OFF` records nothing at all."""
        level = log_level(self.level)
        if level is None:
            return Telemeter()
        lines = Lines(level, env.timers)
        rate = min(max(self.sample_rate, 0.0), 1.0)
        return Telemeter(tracer=Tracer(lines.add, rate), run=lambda: lines)


class Lines:
    """Writes a line for each span, a moment later and many at once."""

    def __init__(self, level: Any, timers: TimerWheel) -> None:
        self._level: LogLevel = level
        self._timers = timers
        self._spans: list[ServerSpan] = []
        self._dropped = 0
        self._timer: Closable = NOTHING

    def add(self, span: ServerSpan) -> None:
        """Have a span written soon."""
        if not self._spans:
            self._timer = self._timers.after(LATENESS, self._write)
        if len(self._spans) < MOST:
            self._spans.append(span)
        else:
            self._dropped += 1

    def _write(self) -> None:
        spans, self._spans = self._spans, []
        dropped, self._dropped = self._dropped, 0
        for span in spans:
            _log.emit(self._level, "{line}", line=trace_line(span), trace=span.trace.number)
        if dropped:
            _log.warn("{dropped} traces were too many to be written", dropped=dropped)

    def close(self) -> None:
        """Write the rest."""
        self._timer.close()
        self._write()
