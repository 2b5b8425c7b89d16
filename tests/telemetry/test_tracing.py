"""Who records which request: rates, the trace's own flag, and what backends are told."""

from random import Random

import pytest

from linkerpy.telemetry.trace_id import DEBUG, KNOWN, SAMPLED, TraceId, is_sampled
from linkerpy.telemetry.tracing import Tracer, Tracing, tracing

SALT = 0x1234_5678_9ABC_DEF0
YES, NO = KNOWN | SAMPLED, KNOWN


def traces(count=2000, flags=0):
    chance = Random(3)
    return [TraceId.root(chance.getrandbits(64))._replace(flags=flags) for _ in range(count)]


def names(*tracers):
    """Tracers that are told apart by name, in one tracing."""
    made = Tracing(
        [
            Tracer(name, rate, heeds_flag=heeds, decides=name == "zipkin")
            for name, rate, heeds in tracers
        ],
        SALT,
    )
    return lambda trace: set(made.wanting(trace))


@pytest.mark.parametrize("rate", [0.001, 0.25, 0.5, 0.9999, 1.0])
def test_a_rate_samples_just_the_traces_of_its_share(rate):
    wanting = names(("zipkin", rate, True))
    for trace in traces():
        assert bool(wanting(trace)) == is_sampled(trace.trace, rate, SALT)


def test_each_tracer_keeps_to_its_own_rate():
    wanting = names(("zipkin", 0.1, True), ("recent", 0.6, False), ("log", 0.3, True))
    for trace in traces():
        expected = {
            name
            for name, rate in (("zipkin", 0.1), ("recent", 0.6), ("log", 0.3))
            if is_sampled(trace.trace, rate, SALT)
        }
        assert wanting(trace) == expected


@pytest.mark.parametrize(("flags", "heeded"), [(YES, True), (DEBUG, True), (NO, False)])
def test_a_decision_that_came_with_the_request_wins_except_with_the_careless(flags, heeded):
    wanting = names(("zipkin", 0.5, True), ("recent", 0.5, False))
    for trace in traces(200, flags):
        recent = {"recent"} if is_sampled(trace.trace, 0.5, SALT) else set()
        assert wanting(trace) == recent | ({"zipkin"} if heeded else set())


def test_a_rate_of_0_still_records_what_the_caller_wants_recorded():
    wanting = names(("zipkin", 0.0, True))
    assert wanting(traces(1, YES)[0]) == {"zipkin"}
    assert not any(wanting(trace) for trace in traces())


def test_backends_are_told_what_the_exporters_decided():
    made = Tracing(
        [Tracer(print, 0.2, decides=True), Tracer(repr, 0.9), Tracer(str, 1, heeds_flag=False)],
        SALT,
    )
    assert made.decides
    for trace in traces(500):
        assert made.decide(trace).sampled == is_sampled(trace.trace, 0.2, SALT)
        assert made.decide(trace)._replace(flags=0) == trace
    decided = traces(1, NO)[0]
    assert made.decide(decided) is decided


def test_nobody_who_could_ever_want_a_span_is_no_tracing_at_all():
    assert tracing([], SALT) is None
    assert tracing([Tracer(print, 0.0, heeds_flag=False)], SALT) is None
    assert tracing([Tracer(print, 0.0)], SALT) is not None
