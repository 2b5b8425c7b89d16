"""Timeouts and deadlines: how long a request or an attempt may take, and who is told.

A timeout ends with the response's head; bodies take their time. A deadline that came with the
request shortens no timeout: it is only passed on, no later than our own timeouts allow.

Source: dataplane spec, sections 2.7, 2.8 and 3.1.
"""

import re
import time
from collections.abc import Callable, Coroutine
from typing import Any

from linkerpy.codec.http import Request, Response
from linkerpy.core.clock import TimerWheel
from linkerpy.core.drive import drive
from linkerpy.core.duration import show_duration
from linkerpy.core.errors import AttemptTimeout, RequestTimeout, ServerTimeout
from linkerpy.core.reply import Reply
from linkerpy.core.service import Filter, Service

_DEADLINE = re.compile(rb"(\d{1,19}) (\d{1,19})")
_NANOSECONDS = 10**9

Deadline = tuple[int, int]
"""When it was noted, and until when: nanoseconds of the epoch."""

WallClock = Callable[[], int]
"""Nanoseconds of the epoch, now."""


# -- timeouts -------------------------------------------------------------------------------------


def server_timeout(
    limit: float | None, label: str, timers: TimerWheel, wall: WallClock = time.time_ns
) -> Filter[Response] | None:
    """Limit the time of whatever a server is asked. `limit` is in seconds, None for no limit."""
    if limit is None:
        return None
    text = f"{_exceeded(limit, label)} an individual request, excluding retries{_NO_REMOTE}"
    return _within(limit, timers, lambda _request: ServerTimeout(text), wall)


def total_timeout(
    limit: float | None, timers: TimerWheel, wall: WallClock = time.time_ns
) -> Filter[Response] | None:
    """Limit the time of a request with all its attempts."""
    if limit is None:
        return None
    whole = f"{_exceeded(limit, 'unspecified')} the request, including retries (if applicable)"
    text = whole + _NO_REMOTE
    return _within(limit, timers, lambda _request: RequestTimeout(text), wall)


def attempt_timeout(limit: float | None, label: str, timers: TimerWheel) -> Filter[Response] | None:
    """Limit the time of one attempt, the wait for a connection included."""
    if limit is None:
        return None
    text = f"{_exceeded(limit, label)} an individual request, excluding retries. Remote Info: "

    def passed(request: Request) -> RequestTimeout:
        endpoint = request.ctx.endpoint
        where = "Not Available" if endpoint is None else f"Downstream Address: /{endpoint.show()}"
        return AttemptTimeout(text + where)

    return _within(limit, timers, passed, None)


_NO_REMOTE = ". Remote Info: Not Available"


def _exceeded(limit: float, label: str) -> str:
    return f"exceeded {show_duration(limit)} to {label} while waiting for a response for"


def _within(
    limit: float,
    timers: TimerWheel,
    passed: Callable[[Request], RequestTimeout],
    wall: WallClock | None,
) -> Filter[Response]:
    """Drive what is below on its own, so that it alone can be stopped when the time is up.

    With a `wall` clock the limit also becomes part of the request's deadline.
    """

    async def limited(service: Service[Request, Response], request: Request) -> Response:
        if wall is not None:
            request.ctx.deadline = _sooner(request.ctx.deadline, limit, wall())
        reply: Reply[Response] = Reply()

        def answered(response: Response | None, error: BaseException | None) -> None:
            if response is not None:
                reply.resolve(response)
            else:
                reply.fail(error or AssertionError("no response"))

        running = drive(service(request), answered)
        if not reply.pending:
            return await reply
        reply.on_cancel = running.cancel
        timer = timers.after(limit, lambda: reply.cancel(passed(request)))
        try:
            return await reply
        finally:
            timer.close()

    return limited


# -- deadlines ------------------------------------------------------------------------------------


def take_deadline(request: Request) -> None:
    """Move the deadline from the headers to the context; of several the soonest counts.

    What is none is ignored.
    """
    for value in request.get_all(b"l5d-ctx-deadline"):
        found = _DEADLINE.fullmatch(value)
        if found is not None:
            noted, until = int(found[1]), int(found[2])
            known = request.ctx.deadline or (noted, until)
            request.ctx.deadline = max(known[0], noted), min(known[1], until)
    request.remove(b"l5d-ctx-deadline")


def tell_deadline(request: Request, deadline: Deadline) -> None:
    """Tell the backend until when its answer is of use."""
    request.set(b"l5d-ctx-deadline", b"%d %d" % deadline)


def attempt_deadline(
    limit: float | None, wall: WallClock = time.time_ns
) -> Filter[Response] | None:
    """Let the backend know of the limit to an attempt, too."""
    if limit is None:
        return None

    def with_deadline(
        service: Service[Request, Response], request: Request
    ) -> Coroutine[Any, Any, Response]:
        tell_deadline(request, _sooner(request.ctx.deadline, limit, wall()))
        return service(request)

    return with_deadline


def _sooner(deadline: Deadline | None, limit: float, now: int) -> Deadline:
    until = now + round(limit * _NANOSECONDS)
    if deadline is None:
        return now, until
    return max(deadline[0], now), min(deadline[1], until)
