"""What a span keeps of a request that failed, was sent again, or broke off."""

from linkerpy.core.errors import BackendClosed, BackendError, Cancelled, NoHosts, UnknownDestination
from linkerpy.telemetry.span import MOST_ATTEMPTS, error_text
from tests.telemetry.spans import begun, bound, failed, named, retried, sent


def test_a_span_is_handed_over_once_when_it_is_over():
    told = []
    span = retried(told.append, told.append)
    assert told == [span, span]
    assert span.duration * 1000 - 20 < 1e-6
    assert span.wall(span.ended) == span.at + span.duration


def test_the_last_attempt_says_where_the_request_went():
    span = retried()
    assert [attempt.endpoint.show() for attempt in span.attempts] == [
        "10.0.0.1:8081",
        "10.0.0.1:8080",
    ]
    assert span.endpoint.show() == "10.0.0.1:8080"
    assert (span.service, span.client) == ("svc/web", "#/io.l5d.fs/web")


def test_a_connection_at_hand_takes_the_request_at_once():
    span, clock = begun()
    sent(span, clock, 3, 9, 200)
    (attempt,) = span.attempts
    assert attempt.dispatched == attempt.began


def test_a_connection_that_was_never_made_dispatched_nothing():
    assert retried().attempts[0].dispatched is None


def test_what_broke_off_had_been_dispatched():
    span, clock = begun()
    sent(span, clock, 3, 9, BackendClosed("gone"))
    assert span.attempts[0].dispatched == span.attempts[0].began


def test_no_endpoint_is_believed_where_there_was_none_to_pick():
    span, clock = begun()
    sent(span, clock, 3, 9, NoHosts("nobody"))
    assert span.endpoint is None


def test_an_error_has_the_status_that_the_caller_is_given():
    span = failed(UnknownDestination("who?"))
    assert (span.status, span.error) == (400, "UnknownDestination: who?")
    assert (span.service, span.client, span.endpoint) == ("", "", None)
    assert failed(KeyError("a defect")).status == 500


def test_a_caller_that_left_was_given_no_status():
    assert failed(Cancelled("left")).status is None


def test_a_body_that_breaks_off_is_an_error_of_a_request_with_a_status():
    span, clock = begun()
    named(span, clock)
    bound(span, clock)
    span.answered(200)
    span.finish(BackendError("cut"))
    assert (span.status, span.error) == (200, "BackendError: cut")


def test_of_very_many_attempts_the_first_and_the_last_are_kept():
    span, clock = begun()
    for n in range(1000):
        sent(span, clock, n, n + 1, 503, port=n + 1)
    ports = [attempt.endpoint.port for attempt in span.attempts]
    assert len(ports) == MOST_ATTEMPTS
    assert (ports[0], ports[-2], ports[-1]) == (1, MOST_ATTEMPTS - 1, 1000)


def test_an_error_is_told_in_bounded_words():
    assert error_text(NoHosts()) == "NoHosts"
    assert len(error_text(NoHosts("x" * 100_000))) == 2000
