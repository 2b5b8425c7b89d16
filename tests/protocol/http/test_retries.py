"""Retries: what is tried again, how often, and what it leaves behind."""

import gc
import weakref
from itertools import repeat

import pytest
from twisted.internet.task import Clock

from linkerpy.codec.body import Stream
from linkerpy.codec.fields import Fields
from linkerpy.codec.http import Response
from linkerpy.core.errors import (
    AttemptTimeout,
    BackendClosed,
    Cancelled,
    ConnectionFailed,
    RequestTimeout,
)
from linkerpy.policy.budget import BudgetRule
from linkerpy.policy.verdict import RETRYABLE, SUCCESS
from linkerpy.protocol.http.classify import ALL, READS, all_successful, retry_5xx
from linkerpy.protocol.http.retries import RetrySettings, retries
from linkerpy.telemetry.metrics import Metrics
from tests.protocol.http.scripted import HANG, Asked, Scripted, request, streamed
from tests.support.env import counts

READING = retry_5xx(READS)
SAFE = [(b"l5d-retryable", b"true")]
POOR = BudgetRule(min_per_second=0, per_request=0.5)


class Service:
    """One service's retries, their clock and their figures."""

    def __init__(self, classify=READING, **settings):
        self.clock = Clock()
        self.metrics = Metrics()
        self.retries = retries(RetrySettings(**settings), classify, self.metrics, self.clock)

    def ask(self, backend, *args, **kwargs):
        return Asked(request(*args, **kwargs), self.retries, backend)

    @property
    def counts(self):
        return counts(self.metrics)

    @property
    def balance(self):
        return self._metric("retries/budget").value

    @property
    def per_request(self):
        stat = self._metric("retries/per_request")
        return stat.count, stat.sum

    def _metric(self, name):
        return next(m for names, m in self.metrics.walk() if "/".join(names) == name)


def test_a_success_is_passed_on_and_counted_as_needing_no_retry():
    service, backend = Service(), Scripted(200)
    assert service.ask(backend).status == 200
    assert (backend.tries, service.counts, service.per_request) == (1, {}, (1, 0))


def test_a_retryable_failure_is_tried_again():
    service, backend = Service(), Scripted(500, BackendClosed("gone"), 200)
    assert service.ask(backend).status == 200
    assert (backend.tries, service.counts) == (3, {"retries/total": 2})
    assert service.per_request == (1, 2)


@pytest.mark.parametrize(
    ("method", "outcome"),
    [("POST", 500), ("GET", 404), ("GET", ConnectionFailed("refused")), ("POST", BackendClosed())],
)
def test_what_is_not_retryable_is_the_last_word(method, outcome):
    service, backend = Service(), Scripted(outcome)
    asked = service.ask(backend, method)
    assert asked.error is outcome or asked.status == outcome
    assert (backend.tries, service.counts, service.per_request) == (1, {}, (1, 0))


@pytest.mark.parametrize("classify", [None, READING])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_backend_that_says_so_is_tried_again_whatever_the_method(classify, method):
    service, backend = Service(classify), Scripted(Response(500, SAFE), 200)
    assert service.ask(backend, method).status == 200
    assert service.counts == {"retries/total": 1}


def test_a_lone_request_that_always_fails_is_sent_101_times():
    service, backend = Service(), Scripted(500)
    assert service.ask(backend).status == 500
    assert backend.tries == 101
    assert service.counts == {"retries/total": 100}
    assert service.per_request == (1, 100)


def test_no_budget_allows_more_tries_than_that():
    service, backend = Service(budget=BudgetRule(60, 1000, 1000)), Scripted(500)
    service.ask(backend)
    assert backend.tries == 101


def test_what_others_spent_is_not_there():
    service, backend = Service(), Scripted(500)
    service.ask(backend)
    service.ask(backend)
    assert backend.tries == 102
    assert service.counts == {"retries/total": 100, "retries/budget_exhausted": 1}


def test_a_budget_of_half_a_retry_per_request():
    service, backend = Service(budget=POOR), Scripted(500)
    service.ask(backend)
    assert backend.tries == 1
    service.ask(backend)
    assert backend.tries == 3


def test_a_budget_that_two_requests_earn():
    """Source: dataplane spec, section 3.3 (retry vectors)."""
    service = Service(budget=POOR)
    assert service.ask(Scripted(200)).status == 200
    assert service.ask(Scripted(500, 200)).status == 200
    assert service.ask(Scripted(500)).status == 500
    assert service.counts == {"retries/total": 1, "retries/budget_exhausted": 1}


def test_ten_successes_earn_two_retries_on_top_of_the_reserve():
    one, other = Service(), Service()
    for _ in range(10):
        one.ask(Scripted(200))
        other.ask(Scripted(200))
    assert (one.balance, other.balance) == (102, 102)
    one.ask(Scripted(500, 500, 200))
    assert (one.balance, other.balance) == (100, 102)


def test_a_budget_of_nothing_allows_nothing():
    service, backend = Service(budget=BudgetRule(10, 0, 0)), Scripted(500)
    service.ask(backend)
    assert (backend.tries, service.counts) == (1, {"retries/budget_exhausted": 1})


def test_stacks_of_one_name_share_its_budget():
    service, backend = Service(), Scripted(500)
    service.ask(backend)
    twin = retries(RetrySettings(), READING, service.metrics, service.clock)
    Asked(request(), twin, backend)
    assert backend.tries == 102
    assert service.balance == 0


def test_each_attempt_starts_from_the_headers_that_came():
    for headers in ([(b"Host", b"web")], Fields([(b"Host", b"web")])):
        backend, asked = Scripted(500, 500, 200), request()
        if isinstance(headers, Fields):
            asked.fields, asked._headers = headers, None
        else:
            asked.headers = headers
        asked.add(b"Via: 1.1 linkerd\r\n")
        Asked(asked, Service().retries, backend)
        own = [(b"Host", b"web"), (b"Via", b"1.1 linkerd"), (b"x-own", b"1")]
        assert [headers for _, _, headers, _ in backend.seen] == [own] * 3


def test_a_body_that_is_here_is_sent_with_each_attempt():
    backend = Scripted(500, 200)
    service = Service(retry_5xx(ALL))
    assert service.ask(backend, "POST", b"body").status == 200
    assert [body.data for *_, body in backend.seen] == [b"body", b"body"]


def test_a_streamed_body_is_sent_once():
    def always(_request, response, _error):
        return SUCCESS if response is not None and response.status < 500 else RETRYABLE

    for classify in (retry_5xx(ALL), always):
        service, backend = Service(classify), Scripted(Response(500, SAFE))
        assert service.ask(backend, "POST", Stream(None)).status == 500
        assert (backend.tries, service.counts) == (1, {})


def test_a_response_that_is_not_passed_on_is_cancelled():
    failed, told = streamed(500)
    last, told_last = streamed(500)
    service = Service(budget=BudgetRule(10, 0, 1.0))
    asked = service.ask(Scripted(failed, last))
    assert asked.response is last
    assert (len(told), told_last) == (1, [])


def test_a_backoff_is_waited_for_with_the_old_response_gone():
    failed, told = streamed(500)
    service, backend = Service(backoff=lambda: iter([0.25, 1.0])), Scripted(failed, 500, 200)
    asked = service.ask(backend)
    assert (backend.tries, len(told)) == (1, 1)
    service.clock.advance(0.24)
    assert backend.tries == 1
    service.clock.advance(0.02)
    assert backend.tries == 2
    service.clock.advance(0.9)
    assert asked.pending
    service.clock.advance(0.2)
    assert asked.status == 200
    assert service.clock.getDelayedCalls() == []


def test_every_request_begins_its_backoff_anew():
    service = Service(backoff=lambda: iter([1.0, 60.0]))
    for _ in range(2):
        asked = service.ask(Scripted(500, 200))
        service.clock.advance(1.0)
        assert asked.status == 200


def test_a_caller_that_leaves_during_a_backoff_ends_it():
    service, backend = Service(backoff=lambda: iter([5.0])), Scripted(500)
    asked = service.ask(backend)
    asked.cancel(Cancelled("the client closed the connection"))
    assert isinstance(asked.error, Cancelled)
    assert service.clock.getDelayedCalls() == []
    service.clock.advance(10)
    assert (backend.tries, service.counts) == (1, {})


@pytest.mark.parametrize("reason", [Cancelled("left"), RequestTimeout("exceeded")])
def test_a_request_that_nobody_waits_for_is_not_tried_again(reason):
    service = Service(lambda _request, _response, _error: RETRYABLE)
    backend = Scripted(HANG, 200)
    asked = service.ask(backend)
    asked.cancel(reason)
    assert asked.error is reason
    assert backend.tries == 1


def test_an_attempt_that_took_too_long_is_tried_again():
    service, backend = Service(), Scripted(AttemptTimeout("exceeded"), 200)
    assert service.ask(backend).status == 200


def test_a_defect_is_not_tried_again():
    service, backend = Service(lambda *_: RETRYABLE), Scripted(KeyError("defect"))
    assert isinstance(service.ask(backend).error, KeyError)
    assert backend.tries == 1


def test_all_layers_are_told_of_a_classifier_that_was_configured():
    for classify in (None, all_successful):
        asked = request()
        Asked(asked, Service(classify).retries, Scripted(500))
        assert asked.ctx.classify is classify


def test_nothing_is_kept_of_a_request_that_has_ended():
    """Not even until the next round of the garbage collector."""
    service = Service(backoff=lambda: repeat(1.0), budget=BudgetRule(10, 0, 2.0))
    gc.collect()
    gc.disable()
    try:
        for outcomes in ((500, 200), (BackendClosed, AttemptTimeout, 404), (500, BackendClosed)):
            asked = request()
            asked.ctx.endpoint = witness = _Witness()
            gone = weakref.ref(witness)
            result = Asked(asked, service.retries, Scripted(*outcomes))
            service.clock.pump([1.0] * 6)
            assert not result.pending
            result.response = result.error = None
            del asked, witness, result
            assert gone() is None, outcomes
    finally:
        gc.enable()


class _Witness:
    """Lives as long as the request's context does."""
