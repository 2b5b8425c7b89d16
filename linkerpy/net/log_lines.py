"""Log lines: an event as linkerd writes it, or as a JSON object; and the observers that do so.

A record is one line; what follows it (a traceback, the rest of a long text) is indented, so that
nothing that came from outside can pass for a record of its own.

Source: telemetry-admin spec, section 6.
"""

import json
import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from twisted.logger import ILogObserver, LogEvent, LogLevel, formatEvent
from zope.interface import directlyProvides

_LETTERS: Final = {
    LogLevel.debug: "D",
    LogLevel.info: "I",
    LogLevel.warn: "W",
    LogLevel.error: "E",
    LogLevel.critical: "E",
}
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u2028\u2029]")


class Stream(Protocol):
    """Where lines go."""

    def write(self, text: str) -> object:
        """Write them."""

    def flush(self) -> object:
        """Write them now."""


def text_line(event: LogEvent) -> str:
    """`<L> <MMdd HH:mm:ss.SSS zone> THREAD<n>[ TraceId:<id>] <logger>: <message>`.

    What another process of ours said has `WORKER<n>` in place of the thread.
    """
    moment = float(event.get("log_time") or 0.0)
    local = time.localtime(moment)
    stamp = f"{time.strftime('%m%d %H:%M:%S', local)}.{int(moment % 1 * 1000):03d} {local.tm_zone}"
    letter = _LETTERS.get(event.get("log_level") or LogLevel.info, "U")
    trace = event.get("trace")
    traced = f" TraceId:{_clean(str(trace))}" if trace else ""
    said = _clean(message(event))
    worker = event.get("worker")
    who = f"WORKER{worker}" if worker else f"THREAD{_thread()}"
    lines = f"{letter} {stamp} {who}{traced} {_logger(event)}: {said}".split("\n")
    lines += _traceback(event)
    return "\n\t".join(lines) + "\n"


def json_line(event: LogEvent) -> str:
    """The same as one JSON object: `time`, `level`, `logger`, `thread`, `message`, and perhaps
    `worker`, `trace` and `traceback`.
    """  # noqa: D205 - the sentence is longer than a line
    level = event.get("log_level") or LogLevel.info
    told: dict[str, Any] = {
        "time": datetime.fromtimestamp(float(event.get("log_time") or 0.0), UTC).isoformat(),
        "level": level.name,
        "logger": _logger(event),
        "thread": _thread(),
        "message": message(event),
    }
    if event.get("worker"):
        told["worker"] = event["worker"]
    if event.get("trace"):
        told["trace"] = str(event["trace"])
    traceback = _traceback(event)
    if traceback:
        told["traceback"] = "\n".join(traceback)
    return json.dumps(told) + "\n"


LINES: Final[dict[str, Callable[[LogEvent], str]]] = {"text": text_line, "json": json_line}
"""By the name of the form."""


def observer(stream: Stream, form: str) -> Callable[[LogEvent], None]:
    """Writes every event to `stream` in one of the forms."""
    line = LINES[form]

    def observed(event: LogEvent) -> None:
        stream.write(line(event))
        stream.flush()

    directlyProvides(observed, ILogObserver)
    return observed


def message(event: LogEvent) -> str:
    """What an event says, also one of Twisted's older kind."""
    said = formatEvent(event)
    if not said and event.get("log_text"):
        said = str(event["log_text"])
    return said.rstrip("\n")


def told(event: LogEvent) -> dict[str, Any]:
    """An event as another process of ours can be told of it: as JSON, without objects."""
    level = event.get("log_level") or LogLevel.info
    return {
        "log_level": level.name,
        "log_namespace": _logger(event),
        "log_time": event.get("log_time"),
        "text": "\n".join([message(event), *_traceback(event)]),
        "trace": str(event["trace"]) if event.get("trace") else None,
    }


def retold(said: dict[str, Any], worker: int) -> LogEvent:
    """The event that another process told of."""
    level = LogLevel.levelWithName(said["log_level"])
    return {**said, "log_level": level, "log_format": "{text}", "worker": worker}


def _logger(event: LogEvent) -> str:
    return str(event.get("log_namespace") or "-")


def _thread() -> int:
    """1 for the main thread, the system's number for any other."""
    if threading.current_thread() is threading.main_thread():
        return 1
    return threading.get_native_id()


def _traceback(event: LogEvent) -> list[str]:
    failure = event.get("log_failure")
    return [] if failure is None else _clean(failure.getTraceback()).rstrip("\n").split("\n")


def _clean(text: str) -> str:
    """Without what moves a terminal's cursor; line ends stay, for the caller to indent."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text.replace("\r\n", "\n"))
