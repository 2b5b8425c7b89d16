"""Retries, requeues, timeouts and deadlines through the whole stack."""

import pytest

from linkerpy.policy.budget import BudgetRule
from linkerpy.protocol.http.classify import ALL, READS, all_successful, retry_5xx
from linkerpy.protocol.http.retries import RetrySettings
from tests.protocol.http.playbook import answer, chunk, get, post

READING = {"classify": retry_5xx(READS)}
ONE, TWO = "10.0.0.1:80", "10.0.0.2:80"
ERROR = answer(b"oops", status="500 No")
SAFE = answer(b"oops", status="500 No", l5d_retryable="true")


def web(play, *addresses, **options):
    mesh = play(**options)
    mesh.bind("/svc/web", *(addresses or (ONE,)))
    return mesh


def figures(mesh, scope):
    """`retries/*` of a scope, without the per-request distributions."""
    found = mesh.counters(scope) | mesh.gauges(scope)
    prefix = "retries/"
    return {name[len(prefix) :]: n for name, n in found.items() if name.startswith(prefix)}


@pytest.mark.parametrize("request_", [get(), post(b"body")], ids=["GET", "POST"])
def test_a_500_that_says_it_is_retryable_is_tried_again(mesh, request_):
    client = mesh.client()
    client.send(request_)
    first = mesh.backend().serve(SAFE)
    second = mesh.backend().serve(answer(b"ok"))
    assert (second.start, second.headers, second.body) == (first.start, first.headers, first.body)
    response = client.response()
    assert (response.status, response.get("l5d-success-class")) == (200, "1.0")
    assert mesh.connects == 1
    assert figures(mesh, "service") == {"total": 1, "budget": 99}
    assert mesh.samples("service", "retries/per_request") == 1
    assert mesh.counters("service")["requests"] == mesh.counters("service")["success"] == 1
    assert mesh.counters("client")["requests"] == 2
    assert mesh.counters("client")["failures"] == 1


def test_a_500_that_does_not_is_passed_on(mesh):
    client = mesh.client()
    client.send(get())
    mesh.backend().serve(ERROR)
    assert client.response().status == 500
    assert figures(mesh, "service") == {"budget": 100}


def test_the_budget_ends_the_retries_and_the_last_response_is_passed_on(play):
    mesh = web(play, service=READING)
    client = mesh.client()
    client.send(get())
    for _ in range(101):
        mesh.backend().serve(ERROR)
    response = client.response()
    assert (response.status, response.body) == (500, b"oops")
    assert response.get("l5d-success-class") == "0.0"
    assert figures(mesh, "service") == {"total": 100, "budget": 0}
    client.send(get())
    mesh.backend().serve(ERROR)
    assert client.response().status == 500
    assert figures(mesh, "service")["budget_exhausted"] == 1


def test_a_response_that_is_still_coming_is_broken_off_for_the_next_attempt(play):
    mesh = web(play, service=READING)
    client = mesh.client()
    client.send(get())
    first = mesh.backend()
    first.send("HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n" + "3\r\none\r\n")
    assert first.aborted
    mesh.backend().serve(answer(b"ok"))
    assert client.response().body == b"ok"
    assert mesh.connects == 2


def test_a_request_that_comes_in_pieces_is_whole_before_it_is_sent(play):
    mesh = web(play, service={"classify": retry_5xx(ALL)})
    client = mesh.client()
    client.send("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 4\r\n\r\nbo")
    assert mesh.connects == 0
    client.send("dy")
    assert mesh.backend().serve(ERROR).body == b"body"
    assert mesh.backend().serve(answer(b"ok")).body == b"body"
    assert client.response().status == 200


@pytest.mark.parametrize("framing", ["Content-Length: 9999", "Transfer-Encoding: chunked"])
def test_a_streamed_request_is_sent_once(play, framing):
    mesh = web(play, service={"classify": retry_5xx(ALL)})
    client = mesh.client()
    client.send(f"POST / HTTP/1.1\r\nHost: web\r\n{framing}\r\n\r\n")
    client.send(chunk(b"x") + b"0\r\n\r\n" if "chunked" in framing else b"x" * 9999)
    mesh.backend().serve(SAFE)
    assert client.response().status == 500
    assert figures(mesh, "service") == {"budget": 100}


def test_without_any_budget_nothing_is_gathered(play):
    mesh = web(play, service={"retries": RetrySettings(BudgetRule(10, 0, 0))})
    client = mesh.client()
    client.send("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 4\r\n\r\nbo")
    assert mesh.backend().rest().endswith(b"\r\n\r\nbo")
    client.send("dy")
    mesh.backend().send(answer())
    assert client.response().status == 200


def test_a_backend_that_closes_is_tried_again_only_for_methods_that_allow_it(play):
    mesh = web(play, service=READING)
    client = mesh.client()
    client.send(get())
    mesh.backend().hang_up()
    mesh.backend().serve(answer(b"ok"))
    assert client.response().status == 200
    client.send(post(b"body"))
    mesh.backend().hang_up()
    assert client.response().status == 502
    assert figures(mesh, "service")["total"] == 1
    assert "requeues" not in figures(mesh, "client")


def test_a_request_that_never_arrived_is_sent_again_whatever_it_is(mesh):
    client = mesh.client()
    client.send(post(b"one"))
    mesh.backend().serve()
    assert client.response().status == 200
    client.send(post(b"two"))
    first = mesh.backend()
    first.transport.peer_had = len(first.transport.seen) - len(first.rest())
    first.hang_up()
    assert mesh.backend().serve().body == b"two"
    assert client.response().status == 200
    assert figures(mesh, "client") == {"requeues": 1, "budget": 99}
    assert figures(mesh, "service") == {"budget": 100}


def test_a_refused_connection_is_put_to_the_balancer_again(play):
    mesh = web(play, ONE, TWO)
    mesh.network.refusing.add(TWO)
    for _ in range(20):
        client = mesh.client()
        client.send(post(b"body"))
        mesh.backend().serve()
        assert client.response().status == 200
        client.hang_up()
    refused = sum(attempt.address == ("10.0.0.2", 80) for attempt in mesh.network.attempts)
    assert refused > 0
    assert figures(mesh, "client") == {"requeues": refused, "budget": 104}


def test_an_attempt_under_way_when_its_time_is_up_gives_way_to_another(play):
    mesh = web(play, service=READING, client={"attempt_timeout": 1.0})
    client = mesh.client()
    client.send(get())
    first = mesh.backend()
    mesh.wait(1)
    assert first.aborted
    mesh.backend().serve(answer(b"ok"))
    assert client.response().status == 200
    assert figures(mesh, "service") == {"total": 1, "budget": 99}
    name = "failures/com.twitter.finagle.IndividualRequestTimeoutException"
    assert mesh.counters("client")[name] == 1


def test_a_lone_attempt_that_takes_too_long_is_a_503(play):
    mesh = web(play, client={"attempt_timeout": 1.0})
    client = mesh.client()
    client.send(get())
    mesh.wait(1)
    response = client.response()
    assert response.status == 503
    assert response.text == (
        "exceeded 1.seconds to /#/io.l5d.fs/web while waiting for a response for an individual "
        "request, excluding retries. Remote Info: Downstream Address: /10.0.0.1:80"
    )
    assert client.open


def test_the_time_of_all_attempts_is_limited(play):
    retries = RetrySettings(backoff=lambda: iter([0.4] * 9))
    mesh = web(play, service=READING | {"retries": retries, "total_timeout": 1.0})
    client = mesh.client()
    client.send(get())
    for _ in range(3):
        mesh.backend().serve(ERROR)
        mesh.wait(0.4)
    response = client.response()
    assert response.status == 503
    assert response.text == (
        "exceeded 1.seconds to unspecified while waiting for a response for the request, "
        "including retries (if applicable). Remote Info: Not Available"
    )
    assert response.get("l5d-err").startswith("exceeded+1.seconds+to+unspecified+while+waiting")
    sent = mesh.backend().transport.seen
    mesh.wait(5)
    assert mesh.backend().transport.seen == sent
    name = "failures/com.twitter.finagle.GlobalRequestTimeoutException"
    assert mesh.counters("service")[name] == 1


def test_a_total_timeout_stops_the_attempt_that_is_under_way(play):
    mesh = web(play, service=READING | {"total_timeout": 1.0})
    client = mesh.client()
    client.send(get())
    mesh.wait(1)
    assert client.response().status == 503
    assert mesh.backend().aborted
    assert mesh.connects == 1


def test_a_server_limits_whatever_it_is_asked(play):
    mesh = play(server={"timeout": 0.5, "label": "127.0.0.1/4140"})
    client = mesh.client()
    client.send(get())
    mesh.wait(0.5)
    response = client.response()
    assert response.status == 503
    assert response.text.startswith("exceeded 500.milliseconds to 127.0.0.1/4140 while waiting")
    assert mesh.counters("server")["status/503"] == 1


def test_no_timeout_limits_a_body_that_has_begun(play):
    limits = {"server": {"timeout": 1.0}, "client": {"attempt_timeout": 1.0}}
    mesh = web(play, service={"total_timeout": 1.0}, **limits)
    client = mesh.client()
    client.send(get())
    mesh.backend().send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbo")
    mesh.wait(5)
    mesh.backend().send("dy")
    assert client.response().body == b"body"


def test_a_client_that_leaves_during_a_backoff_leaves_nothing_behind(play):
    mesh = web(play, service=READING | {"retries": RetrySettings(backoff=lambda: iter([9.0]))})
    client = mesh.client()
    client.send(get())
    mesh.backend().serve(ERROR)
    client.hang_up()
    mesh.check_at_rest()
    mesh.wait(10)
    assert mesh.backend().rest() == b""
    assert mesh.counters("service")["failures/interrupted"] == 1


def test_a_refusal_of_the_backend_is_no_response(mesh):
    client = mesh.client()
    client.send(get())
    for _ in range(21):
        mesh.backend().serve(answer(status="503 Busy", Retry_After="0"))
    response = client.response()
    assert response.status == 502
    assert (
        response.text == "The backend 10.0.0.1:80 refused the request before it did any work for it"
    )
    assert figures(mesh, "client") == {"requeues": 20, "request_limit": 1, "budget": 80}


def test_what_the_classifier_calls_a_success_is_one_everywhere(play):
    mesh = web(play, service={"classify": all_successful})
    client = mesh.client()
    client.send(get())
    mesh.backend().serve(answer(status="500 Fine"))
    response = client.response()
    assert (response.status, response.get("l5d-success-class")) == (500, "1.0")
    for scope in ("server", "service", "client"):
        found = mesh.counters(scope)
        assert (found["requests"], found["success"], found.get("failures")) == (1, 1, None)
    assert mesh.counters("client")["service/svc/web/success"] == 1
    assert mesh.counters("server")["status/500"] == 1


def test_a_deadline_is_taken_out_and_passed_on(mesh):
    client = mesh.client()
    client.send(
        "GET / HTTP/1.1\r\nHost: web\r\nL5d-Ctx-Deadline: 1000 2000\r\n"
        "l5d-ctx-deadline: 1500 3000\r\nl5d-ctx-deadline: soon\r\n\r\n"
    )
    assert mesh.backend().serve().get("l5d-ctx-deadline") == "1500 2000"
    client.send(get())
    assert mesh.backend().serve().get("l5d-ctx-deadline") is None


def test_a_timeout_is_told_to_the_backend_as_a_deadline(play):
    mesh = web(play, service=READING | {"total_timeout": 60.0}, client={"attempt_timeout": 2.0})
    client = mesh.client()
    client.send(get())
    seen = []
    for _ in range(2):
        noted, until = mesh.backend().serve(ERROR).get("l5d-ctx-deadline").split(" ")
        seen.append(int(until) - int(noted))
    assert seen == [2 * 10**9] * 2
    client.hang_up()
