"""Recent requests: the last spans, each told as one JSON object with its whole story.

All text in it came from outside: readers escape it.

Source: telemetry-admin spec, section 3.5 and 5.2.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from linkerpy.telemetry.span import ClientSpan, ServerSpan

Json = dict[str, Any]
Wanted = Callable[[ServerSpan], bool]

_STATUS: Final = re.compile(r"([1-5])xx|([1-9][0-9]{2})|(error)", re.IGNORECASE)


class RecentRequests:
    """The last `capacity` spans."""

    def __init__(self, capacity: int) -> None:
        self._spans: deque[ServerSpan] = deque(maxlen=capacity)
        self.record = self._spans.append

    def newest(self, wanted: Wanted, limit: int | None = None) -> Iterator[Json]:
        """The stories of those that are wanted, the newest first, at most `limit`."""
        found = 0
        for span in reversed(self._spans):
            if found == limit:
                return
            if wanted(span):
                found += 1
                yield story(span)


def story(span: ServerSpan) -> Json:
    """One request. Lengths of time are in milliseconds, `timings` counted from its start."""
    endpoint = span.endpoint
    return {
        "at": round(span.at, 3),
        "router": span.router,
        "service": span.service,
        "client": span.client,
        "endpoint": "" if endpoint is None else endpoint.show(),
        "method": _text(span.method),
        "host": _text(span.host),
        "path": _text(span.uri),
        "status": span.status,
        "error": span.error,
        "duration_ms": milliseconds(span.duration),
        "trace": span.trace.number,
        "attempts": [_attempt(attempt, span) for attempt in span.attempts],
        "identified": "" if span.dst is None else span.dst.path.show(),
        "bound": "" if span.bound is None else span.bound.show(),
        "timings": _timings(span),
    }


def _attempt(attempt: ClientSpan, span: ServerSpan) -> Json:
    return {
        "endpoint": "" if attempt.endpoint is None else attempt.endpoint.show(),
        "status": attempt.status,
        "error": attempt.error,
        "at_ms": milliseconds(attempt.began - span.began),
        "duration_ms": milliseconds(attempt.ended - attempt.began),
    }


def _timings(span: ServerSpan) -> Json:
    moments = {
        "identified": span.identified,
        "bound": span.bound_at,
        "dispatched": span.attempts[-1].dispatched if span.attempts else None,
        "first_byte": span.first_byte,
        "end": span.ended,
    }
    return {
        name: None if moment is None else milliseconds(moment - span.began)
        for name, moment in moments.items()
    }


def milliseconds(seconds: float) -> float:
    """To the microsecond."""
    return round(seconds * 1000, 3)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def wanted_by(arguments: Mapping[str, str]) -> Wanted:
    """A filter of the parameters `router`, `service`, `status` and `slow_ms`, as far as given.

    A service may be written with its leading slash. `status` is one (`503`), a class (`5xx`), or
    `error` for what failed without a response of a backend, or within it.

    Raises: ValueError, in words for whoever asked.
    """
    tests: list[Wanted] = []
    router, service = arguments.get("router"), arguments.get("service")
    if router:
        tests.append(lambda span: span.router == router)
    if service:
        name = service.removeprefix("/")
        tests.append(lambda span: span.service == name)
    if arguments.get("status"):
        tests.append(_has_status(arguments["status"]))
    if arguments.get("slow_ms"):
        least = _number("slow_ms", arguments["slow_ms"])
        tests.append(lambda span: milliseconds(span.duration) >= least)
    return lambda span: all(test(span) for test in tests)


def _has_status(status: str) -> Wanted:
    found = _STATUS.fullmatch(status)
    if found is None:
        raise ValueError(f"status must be like `503`, `5xx` or `error`, not {status!r}")
    if found[3]:
        return lambda span: span.error is not None
    if found[2]:
        exact = int(found[2])
        return lambda span: span.status == exact
    hundreds = int(found[1])
    return lambda span: span.status is not None and span.status // 100 == hundreds


def limit_of(arguments: Mapping[str, str]) -> int | None:
    """The parameter `limit`, None if it is not given.

    Raises: ValueError, in words for whoever asked.
    """
    text = arguments.get("limit")
    return int(_number("limit", text)) if text else None


def _number(name: str, text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
        raise ValueError(f"{name} must be a number, not {text!r}")
    return float(text)
