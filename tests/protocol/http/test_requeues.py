"""Requeues: only what no backend can have worked on, paid for by the client's own budget."""

import pytest

from linkerpy.codec.body import Stream
from linkerpy.codec.http import Response
from linkerpy.core.errors import (
    AttemptTimeout,
    BackendClosed,
    BindingTimeout,
    Cancelled,
    ConnectionFailed,
    Nacked,
    NoHosts,
    NotDelivered,
    TooManyWaiters,
)
from linkerpy.policy.budget import BudgetRule
from linkerpy.protocol.http.requeues import requeues
from linkerpy.telemetry.metrics import Metrics
from tests.protocol.http.scripted import Asked, Replicas, Scripted, Waiting, request, streamed
from tests.support.env import counts, fake_env

POOR = BudgetRule(min_per_second=0, per_request=0.5)
LOST, REFUSED = NotDelivered("lost"), ConnectionFailed("refused")


class Client:
    """One client's requeues and their figures."""

    def __init__(self, rule=None):
        self.env = fake_env()
        self.metrics, self.replicas = Metrics(), Replicas()
        self.requeues = requeues(rule or BudgetRule(), self.replicas, self.metrics, self.env)

    def ask(self, backend, *args, **kwargs):
        return Asked(request(*args, **kwargs), self.requeues, backend)

    @property
    def counts(self):
        return {name.removeprefix("retries/"): n for name, n in counts(self.metrics).items()}

    def metric(self, name):
        return next(m for names, m in self.metrics.walk() if "/".join(names) == f"retries/{name}")


def nack(status=503, **headers):
    lines = headers or {"finagle-http-nack": "true"}
    return Response(status, [(name.encode(), value.encode()) for name, value in lines.items()])


@pytest.mark.parametrize("failure", [LOST, REFUSED, nack(), nack(**{"Retry-After": "0"})])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_was_not_received_is_sent_again(failure, method):
    client, backend = Client(), Scripted(failure, failure, 200)
    assert client.ask(backend, method, b"body").status == 200
    assert client.counts == {"requeues": 2}
    assert [body.data for *_, body in backend.seen] == [b"body"] * 3


@pytest.mark.parametrize(
    "failure",
    [
        BackendClosed("closed"),
        AttemptTimeout("slow"),
        BindingTimeout(),
        NoHosts(),
        TooManyWaiters("full"),
        Cancelled("left"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_may_have_been_received_is_not(failure):
    client, backend = Client(), Scripted(failure)
    assert client.ask(backend).error is failure
    assert (backend.tries, client.counts) == (1, {})


@pytest.mark.parametrize("status", [200, 404, 500])
def test_an_answer_is_an_answer(status):
    client, backend = Client(), Scripted(status)
    assert client.ask(backend).status == status
    assert (backend.tries, client.counts) == (1, {})


def test_a_503_that_is_no_refusal_is_passed_on():
    client, backend = Client(), Scripted(nack(**{"Retry-After": "1"}))
    assert client.ask(backend).status == 503
    assert backend.tries == 1


def test_connections_are_tried_25_times_more_and_cost_nothing():
    client, backend = Client(), Scripted(REFUSED)
    assert client.ask(backend).error is REFUSED
    assert backend.tries == 26
    assert client.counts == {"requeues": 25}
    assert client.metric("budget").value == 100


def test_a_backend_that_is_gone_for_good():
    """Source: dataplane spec, section 3.3 (retry vectors)."""
    client, backend = Client(), Scripted(LOST, REFUSED)
    assert client.ask(backend).error is REFUSED
    assert client.counts == {"requeues": 26}


def test_a_request_may_take_a_fifth_of_the_balance():
    client, backend = Client(), Scripted(LOST)
    assert client.ask(backend).error is LOST
    assert backend.tries == 21
    assert client.counts == {"requeues": 20, "request_limit": 1}
    assert client.metric("requeues_per_request").sum == 20


def test_a_budget_that_two_requests_earn():
    """Source: dataplane spec, section 3.3 (retry vectors)."""
    client = Client(POOR)
    balance = client.metric("budget")
    assert client.ask(Scripted(200)).status == 200
    assert balance.value == 0
    assert client.ask(Scripted(200)).status == 200
    assert balance.value == 1
    assert client.ask(Scripted(LOST, 200)).status == 200
    assert client.counts == {"requeues": 1}
    assert client.ask(Scripted(LOST)).error is LOST
    assert client.counts == {"requeues": 1, "request_limit": 1}


def test_only_an_answer_earns():
    client = Client(POOR)
    for failure in (BackendClosed("closed"), REFUSED, nack()):
        client.ask(Scripted(failure))
    assert client.metric("budget").value == 0
    client.ask(Scripted(500))
    client.ask(Scripted(404))
    assert client.metric("budget").value == 1


def test_a_budget_that_others_spend_meanwhile_is_exhausted():
    client = Client(BudgetRule(min_per_second=0, per_request=1))
    for _ in range(6):
        client.ask(Scripted(200))
    first, second = Waiting(), Waiting()
    asked = [Asked(request(), client.requeues, one) for one in (first, second)]
    for one in (first, second):
        one.fail(LOST)  # with 6 in the budget, each may take 2: one now
    client.ask(Scripted(LOST, AttemptTimeout("slow")))
    for _ in range(3):
        client.ask(Scripted(LOST, AttemptTimeout("slow")))
    first.fail(LOST)
    assert asked[0].error is LOST
    assert client.counts == {"requeues": 6, "budget_exhausted": 1}
    second.fail(REFUSED)
    second.fail(BackendClosed("closed"))
    assert client.counts["requeues"] == 7


def test_a_refusal_that_stays_one_is_an_error_and_no_response():
    first, told = streamed(503, finagle_http_nack="true")
    client = Client(POOR)
    asked = client.ask(Scripted(first))
    assert isinstance(asked.error, Nacked)
    assert (asked.error.status, len(told)) == (502, 1)
    assert client.counts == {"request_limit": 1}


def test_a_streamed_request_is_sent_again_only_if_its_body_was_not_touched():
    client, backend = Client(), Scripted(REFUSED, LOST, 200)
    assert client.ask(backend, "POST", Stream(None)).error is LOST
    assert client.counts == {"requeues": 1, "cannot_retry": 1}


def test_each_attempt_starts_from_the_headers_that_came():
    backend = Scripted(LOST, REFUSED, 200)
    Client().ask(backend, headers=[(b"Host", b"web")])
    own = [(b"Host", b"web"), (b"x-own", b"1")]
    assert [headers for _, _, headers, _ in backend.seen] == [own] * 3


def test_nothing_is_paid_for_while_no_endpoint_is_open():
    client, backend = Client(), Scripted(LOST)
    client.replicas.open = False
    assert client.ask(backend).error is LOST
    assert (backend.tries, client.counts) == (1, {"not_open": 1})


def test_backends_that_refuse_most_requests_are_spared_some():
    client, backend = Client(BudgetRule(min_per_second=0, per_request=0.001)), Scripted(nack())
    for _ in range(2400):
        client.env.clock.advance(0.1)
        client.ask(backend)
    spared = client.counts["nack_admission_control/dropped_requests"]
    assert spared + backend.tries == 2400
    assert 400 < spared < 600
    error = Nacked()
    for _ in range(2400):  # it is drawn by chance
        client.env.clock.advance(0.1)
        error = client.ask(backend).error
        if not isinstance(error, Nacked):
            break
    assert str(error) == "Request not issued to the backend due to observed overload."
