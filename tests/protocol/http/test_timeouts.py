"""Timeouts and deadlines: who is stopped, what the caller reads, and what the backend is told."""

import pytest
from twisted.internet.task import Clock

from linkerpy.core.clock import TimerWheel
from linkerpy.core.errors import AttemptTimeout, Cancelled, RequestTimeout, ServerTimeout
from linkerpy.core.var import Source
from linkerpy.naming.addr import ADDR_PENDING, Address
from linkerpy.naming.bound import Bound
from linkerpy.naming.path import Path
from linkerpy.policy.verdict import RETRYABLE, SUCCESS
from linkerpy.protocol.http.filters import bound_headers, read_context_headers
from linkerpy.protocol.http.retries import RetrySettings, retries
from linkerpy.protocol.http.timeouts import (
    attempt_deadline,
    attempt_timeout,
    server_timeout,
    total_timeout,
)
from linkerpy.telemetry.metrics import Metrics
from tests.protocol.http.scripted import HANG, Asked, Scripted, Waiting, request
from tests.support.names import vectors

BOUND = Bound(Path.parse("/#/io.l5d.fs/web"), Source(ADDR_PENDING))
NOW = 1_700_000_000 * 10**9


class World:
    """Time on a wheel."""

    def __init__(self):
        self.clock = Clock()
        self.timers = TimerWheel(self.clock)

    def wait(self, seconds):
        self.clock.pump([seconds, 0.02])

    def at_rest(self):
        self.wait(1000)
        return self.clock.getDelayedCalls() == []


@pytest.fixture
def world():
    made = World()
    yield made
    assert made.at_rest()


INDIVIDUAL = "an individual request, excluding retries"
WHOLE = "the request, including retries (if applicable)"


def timeouts(world):
    return [
        (server_timeout(1.0, "0.0.0.0/4140", world.timers), ServerTimeout, "0.0.0.0/4140"),
        (total_timeout(1.0, world.timers), RequestTimeout, "unspecified"),
        (
            attempt_timeout(1.0, "/#/io.l5d.fs/web", world.timers),
            AttemptTimeout,
            "/#/io.l5d.fs/web",
        ),
    ]


def test_what_takes_longer_fails_with_linkerds_words(world):
    for limit, kind, label in timeouts(world):
        backend = Scripted(HANG)
        asked = Asked(request(), limit, backend)
        world.wait(0.9)
        assert asked.pending
        world.wait(0.1)
        assert type(asked.error) is kind
        assert asked.error.status == 503
        what = WHOLE if kind is RequestTimeout else INDIVIDUAL
        assert str(asked.error) == (
            f"exceeded 1.seconds to {label} while waiting for a response for {what}. "
            "Remote Info: Not Available"
        )
        assert backend.cancelled == [str(asked.error)]


def test_an_attempt_that_took_too_long_says_where(world):
    asked = request()
    asked.ctx.endpoint = Address("10.0.0.1", 80)
    result = Asked(asked, attempt_timeout(0.25, "/#/x", world.timers), Scripted(HANG))
    world.wait(0.3)
    assert str(result.error).startswith("exceeded 250.milliseconds to /#/x while")
    assert str(result.error).endswith("Remote Info: Downstream Address: /10.0.0.1:80")


def test_what_is_in_time_passes(world):
    for limit, _, _ in timeouts(world):
        assert Asked(request(), limit, Scripted(200)).status == 200
        error = KeyError("defect")
        assert Asked(request(), limit, Scripted(error)).error is error
        late = Waiting()
        asked = Asked(request(), limit, late)
        world.wait(0.5)
        late.fail(error)
        assert asked.error is error


def test_a_caller_that_leaves_stops_what_is_below(world):
    for limit, _, _ in timeouts(world):
        backend = Scripted(HANG)
        asked = Asked(request(), limit, backend)
        asked.cancel(Cancelled("the client closed the connection"))
        assert isinstance(asked.error, Cancelled)
        assert backend.cancelled == ["the client closed the connection"]


def test_no_limit_is_no_layer(world):
    assert server_timeout(None, "x", world.timers) is None
    assert total_timeout(None, world.timers) is None
    assert attempt_timeout(None, "x", world.timers) is None


def always(_request, response, _error):
    return SUCCESS if response is not None and response.status < 500 else RETRYABLE


def test_the_total_timeout_ends_retries(world):
    retried = retries(
        RetrySettings(backoff=lambda: iter([0.4] * 9)), always, Metrics(), world.clock
    )
    backend = Scripted(500)
    asked = Asked(request(), total_timeout(1.0, world.timers), retried, backend)
    world.clock.pump([0.1] * 12)
    assert type(asked.error) is RequestTimeout
    assert backend.tries == 3
    world.clock.pump([0.5] * 9)
    assert backend.tries == 3


def test_the_total_timeout_in_the_middle_of_an_attempt_starts_no_other(world):
    retried = retries(RetrySettings(), always, Metrics(), world.clock)
    backend = Scripted(HANG, 200)
    asked = Asked(request(), total_timeout(1.0, world.timers), retried, backend)
    world.wait(1.1)
    assert type(asked.error) is RequestTimeout
    assert backend.tries == 1


def test_each_attempt_has_its_own_time(world):
    retried = retries(RetrySettings(), always, Metrics(), world.clock)
    backend = Scripted(HANG, HANG, 200)
    asked = Asked(request(), retried, attempt_timeout(1.0, "x", world.timers), backend)
    world.wait(1.0)
    world.wait(0.9)
    assert backend.tries == 2
    world.wait(0.1)
    assert asked.status == 200


@pytest.mark.parametrize("row", vectors("deadline"), ids=str)
def test_vectors(row, world):
    """What came in (seconds from now), the timeouts; what goes out. Not before, not after."""
    received, limits, sent = row
    headers = [(b"L5d-Ctx-Deadline", _line(one)) for one in received]
    backend = Scripted(200)
    wall = lambda: NOW  # noqa: E731
    Asked(
        request(headers=headers),
        read_context_headers,
        server_timeout(limits.get("server"), "x", world.timers, wall),
        total_timeout(limits.get("total"), world.timers, wall),
        bound_headers(BOUND),
        attempt_deadline(limits.get("attempt"), wall),
        backend,
    )
    (_, _, headers, _) = backend.seen[0]
    seen = [value for name, value in headers if name.lower() == b"l5d-ctx-deadline"]
    assert seen == ([_line(sent)] if sent is not None else [])


def _line(value):
    if isinstance(value, str):
        return value.encode()
    return b"%d %d" % tuple(NOW + round(seconds * 10**9) for seconds in value)


def test_a_deadline_that_has_passed_ends_nothing(world):
    asked = request(headers=[(b"l5d-ctx-deadline", _line([-9, -5]))])
    backend = Scripted(HANG)
    result = Asked(asked, read_context_headers, total_timeout(1.0, world.timers), backend)
    world.wait(0.9)
    assert result.pending
    result.cancel(Cancelled("left"))


def test_an_attempts_deadline_is_its_own(world):
    """The next one's begins when it begins."""
    moments = iter([NOW, NOW + 10**9])
    writer = attempt_deadline(2.0, lambda: next(moments))
    retried = retries(RetrySettings(), always, Metrics(), world.clock)
    backend = Scripted(500, 404)
    Asked(request(), retried, writer, backend)
    seen = [dict(headers)[b"l5d-ctx-deadline"] for _, _, headers, _ in backend.seen]
    assert seen == [_line([0, 2]), _line([1, 3])]
