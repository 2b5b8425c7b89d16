"""Trace context in linkerd's headers: what is taken from a request, and what a backend is told."""

from random import Random

import pytest

from linkerpy.core.errors import ConnectionFailed
from linkerpy.policy.budget import BudgetRule
from linkerpy.policy.verdict import RETRYABLE, SUCCESS
from linkerpy.protocol.http.requeues import requeues
from linkerpy.protocol.http.retries import RetrySettings, retries
from linkerpy.protocol.http.trace import LinkerdPropagator, trace_attempts, trace_requests
from linkerpy.telemetry.metrics import Metrics
from linkerpy.telemetry.trace_id import KNOWN, SAMPLED, TraceId, from_linkerd, to_linkerd
from tests.protocol.http.scripted import Asked, Replicas, Scripted, request
from tests.support.env import fake_env

RECEIVED = TraceId(0x11, 0x22, 0x33, 0, 0x44)


class Traced:
    """What becomes of a request with these headers, as a backend and the layers between see it."""

    def __init__(self, *headers, outcomes=(200,), between=()):
        chance, propagator = Random(5), LinkerdPropagator(salt=0)
        backend = Scripted(*outcomes)
        asked = request(headers=[(n.encode(), v.encode()) for n, v in headers])
        Asked(
            asked,
            trace_requests(propagator, chance),
            *between,
            trace_attempts(propagator, chance),
            backend,
        )
        self.here = asked.ctx.trace
        self.sent = [
            {name: value for name, value in headers if name != b"x-own"}
            for _, _, headers, _ in backend.seen
        ]
        self.spans = [from_linkerd(sent[b"l5d-ctx-trace"]) for sent in self.sent]


def line(trace):
    return "l5d-ctx-trace", to_linkerd(trace).decode()


def test_a_request_without_a_trace_begins_one():
    traced = Traced()
    (sent,), (span,) = traced.sent, traced.spans
    here = traced.here
    assert here == TraceId(here.span, here.span, here.span)
    assert here.span != 0
    assert span == here.child(span.span)
    assert span.span != here.span
    assert sent.keys() == {b"l5d-ctx-trace", b"l5d-reqid"}
    assert sent[b"l5d-reqid"] == b"%016x" % here.trace


def test_a_trace_goes_on_below_the_span_it_came_with():
    traced = Traced(line(RECEIVED))
    (span,) = traced.spans
    assert traced.here == (traced.here.span, 0x11, 0x33, 0, 0x44)
    assert span == (span.span, traced.here.span, 0x33, 0, 0x44)
    assert traced.sent[0][b"l5d-reqid"] == b"0000000000000033"


@pytest.mark.parametrize("flags", [0, KNOWN, KNOWN | SAMPLED, 1, 1 << 40])
def test_flags_are_passed_on(flags):
    assert Traced(line(RECEIVED._replace(flags=flags))).spans[0].flags == flags


@pytest.mark.parametrize("value", ["", "AAAA", "not base64", "A" * 44])
def test_what_is_no_trace_is_replaced(value):
    traced = Traced(("L5D-Ctx-Trace", value))
    assert traced.here.span == traced.here.trace
    assert len(traced.sent[0]) == 2


@pytest.mark.parametrize(
    ("sample", "flags"),
    [
        ("1.0", KNOWN | SAMPLED),
        ("9", KNOWN | SAMPLED),
        ("0", KNOWN),
        ("-3.5", KNOWN),
        ("often", 0),
        ("", 0),
    ],
)
@pytest.mark.parametrize("known", [False, True])
def test_a_rate_decides_and_goes_no_further(sample, flags, known):
    traced = Traced(*([line(RECEIVED)] if known else []), ("l5d-sample", sample))
    assert traced.spans[0].flags == flags
    assert b"l5d-sample" not in traced.sent[0]


def test_a_decision_that_was_made_stands():
    decided = RECEIVED._replace(flags=KNOWN)
    assert Traced(line(decided), ("l5d-sample", "1")).spans[0].flags == KNOWN


def test_ids_of_others_are_overwritten_and_the_rest_is_passed_on():
    traced = Traced(
        ("l5d-reqid", "spoofed"), ("L5d-ReqId", "twice"), ("l5d-ctx-thing", "1"), ("b3", "0")
    )
    (sent,) = traced.sent
    assert sent[b"l5d-reqid"] == b"%016x" % traced.here.trace
    assert sent.keys() == {b"l5d-ctx-trace", b"l5d-reqid", b"l5d-ctx-thing", b"b3"}


def test_each_attempt_is_a_span_of_its_own():
    def always(_request, response, _error):
        return SUCCESS if response is not None and response.status < 500 else RETRYABLE

    env = fake_env()
    retried = retries(RetrySettings(), always, Metrics(), env.clock)
    traced = Traced(line(RECEIVED), outcomes=(500, 500, 200), between=[retried])
    assert len({span.span for span in traced.spans}) == 3
    assert {span.parent for span in traced.spans} == {traced.here.span}
    assert all(len(sent) == 2 for sent in traced.sent)


def test_a_requeue_is_the_same_attempt():
    env = fake_env()
    chance, propagator = Random(5), LinkerdPropagator(salt=0)
    backend = Scripted(ConnectionFailed("refused"), 200)
    Asked(
        request(),
        trace_attempts(propagator, chance),
        requeues(BudgetRule(), Replicas(), Metrics(), env),
        backend,
    )
    first, second = (headers for _, _, headers, _ in backend.seen)
    assert first == second
