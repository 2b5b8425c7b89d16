"""A span as one line of text, for a log.

Values that came from outside cannot break out of theirs: spaces, quotes and control characters
stand between quotes, escaped as in JSON.

Source: telemetry-admin spec, section 3.5.
"""

import json
import re

from linkerpy.telemetry.recent import milliseconds
from linkerpy.telemetry.span import ClientSpan, ServerSpan
from linkerpy.telemetry.zipkin import server_tags

_PLAIN = re.compile(r"[!#-&(-<>-\[\]-z|~]+")
"""No space, no quote, no `=`, no backslash, no brace, and nothing beyond ASCII."""


def trace_line(span: ServerSpan) -> str:
    """The request, its ids and what was tried for it, as `key=value` in a row."""
    trace = span.trace
    told = {
        "trace": trace.number,
        "span": f"{trace.span:016x}",
        "parent": f"{trace.parent:016x}",
        **server_tags(span),
        "duration_ms": str(milliseconds(span.duration)),
    }
    attempts = " ".join(_attempt(attempt) for attempt in span.attempts)
    pairs = " ".join(f"{key}={quoted(value)}" for key, value in told.items())
    return f"{pairs} attempts=[{attempts}]"


def _attempt(attempt: ClientSpan) -> str:
    where = "none" if attempt.endpoint is None else attempt.endpoint.show()
    came = attempt.status if attempt.error is None else quoted(attempt.error)
    return f"{{{where} {came} {milliseconds(attempt.ended - attempt.began)}ms}}"


def quoted(value: str) -> str:
    """A value that ends where it seems to end."""
    return value if _PLAIN.fullmatch(value) else json.dumps(value)
