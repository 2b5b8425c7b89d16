"""Endpoints that fail are taken out of service, tried again, and readmitted."""

from contextlib import contextmanager
from itertools import repeat

import pytest
from twisted.logger import globalLogPublisher

from linkerpy.codec.http import Request
from linkerpy.core.drive import drive
from linkerpy.core.errors import BackendClosed
from linkerpy.policy.accrual import AccrualRule, ConsecutiveFailures
from linkerpy.policy.balance import BUSY, CLOSED, OPEN
from linkerpy.policy.verdict import FAILURE, RETRYABLE, SUCCESS
from linkerpy.router.dst import Context
from tests.protocol.http.playbook import OK, answer, get

ERROR = answer(status="500 Internal Server Error")
GOOD, BAD = "10.0.0.1:80", "10.0.0.2:80"


def after(failures, wait=5.0):
    """Dead after so many failures in a row, always for the same time."""
    return AccrualRule(lambda _now: ConsecutiveFailures(failures), lambda: repeat(wait))


@pytest.fixture
def two(play):
    """A mesh of two replicas; five failures in a row take one out for five seconds."""
    mesh = play(client={"accrual": after(5)})
    mesh.bind("/svc/web", GOOD, BAD)
    return mesh


@pytest.fixture
def one(play):
    """A mesh of one replica that is taken out by its first failure, for five seconds."""
    mesh = play(client={"accrual": after(1)})
    mesh.bind("/svc/web", BAD)
    return mesh


def ask(mesh, answers=None):
    """Send a request, let its backend answer, and say which one that was and what came of it.

    `answers` is what the second backend says; the first one is always well.
    """
    client = mesh.client()
    client.send(get())
    mesh.backend()
    for backend in mesh.backends:
        if backend.open and (request := backend.message()) is not None:
            host = backend.transport.peer.host
            backend.send(answers if answers and BAD.startswith(host) else OK)
            assert request.start == "GET / HTTP/1.1"
            status = client.response().status
            client.hang_up()
            return host, status
    raise AssertionError("no backend was asked")


def health(mesh):
    counters = mesh.counters("client")
    names = ("removals", "probes", "revivals", "removed_for_ms")
    return tuple(counters.get(f"failure_accrual/{name}", 0) for name in names)


def statuses(mesh):
    return {endpoint.address.show(): endpoint.status for endpoint in mesh.endpoints()}


@contextmanager
def logged():
    """The lines of the log that are about failure accrual."""
    lines = []

    def note(event):
        if "FailureAccrual" in (event.get("log_format") or ""):
            lines.append(event["log_format"].format(**event))

    globalLogPublisher.addObserver(note)
    try:
        yield lines
    finally:
        globalLogPublisher.removeObserver(note)


def test_traffic_leaves_a_replica_that_answers_500_and_comes_back_when_a_probe_succeeds(two):
    with logged() as lines:
        seen = [ask(two, ERROR) for _ in range(60)]
    assert seen.count(("10.0.0.2", 500)) == 5
    assert seen.count(("10.0.0.1", 200)) == 55
    assert statuses(two) == {GOOD: OPEN, BAD: BUSY}
    assert health(two) == (1, 0, 0, 5000)
    assert two.gauges("client")["loadbalancer/busy"] == 1
    (line,) = lines
    assert line == (
        'FailureAccrualFactory marking connection to "#/io.l5d.fs/web" as dead. '
        "Remote Address: Inet(/10.0.0.2:80,Map())"
    )
    two.wait(5)
    assert statuses(two) == {GOOD: OPEN, BAD: OPEN}
    assert {ask(two)[0] for _ in range(30)} == {"10.0.0.1", "10.0.0.2"}
    assert health(two) == (1, 1, 1, 5000)


def test_a_failed_probe_costs_one_request_and_another_wait(two):
    with logged() as lines:
        for _ in range(60):
            ask(two, ERROR)
        two.wait(5)
        seen = [ask(two, ERROR) for _ in range(60)]
    assert seen.count(("10.0.0.2", 500)) == 1
    assert health(two) == (1, 1, 0, 10_000)
    assert len(lines) == 1


def test_while_a_probe_is_out_nobody_else_is_sent_there(two):
    for _ in range(60):
        ask(two, ERROR)
    two.wait(5)
    waiting = two.client()
    while not two.counters("client").get("failure_accrual/probes"):
        waiting.hang_up()
        waiting = two.client()
        waiting.send(get())
    probe = next(b for b in two.backends if b.open and b.message() is not None)
    assert probe.transport.peer.host == "10.0.0.2"
    assert statuses(two)[BAD] == BUSY
    assert {ask(two)[0] for _ in range(20)} == {"10.0.0.1"}
    probe.send(OK)
    assert waiting.response().status == 200
    assert statuses(two)[BAD] == OPEN


def test_when_all_are_out_one_is_used_anyway(one):
    assert ask(one, ERROR) == ("10.0.0.2", 500)
    assert statuses(one) == {BAD: BUSY}
    assert [ask(one) for _ in range(3)] == [("10.0.0.2", 200)] * 3
    assert statuses(one) == {BAD: BUSY}
    one.wait(5)
    ask(one)
    assert health(one) == (1, 1, 1, 5000)


def test_responses_below_500_are_no_failures(one):
    for status in ("404 Not Found", "499 Odd", "301 Moved"):
        ask(one, answer(status=status))
    assert statuses(one) == {BAD: OPEN}


def send(endpoint, classify):
    """Send one request whose service has a classifier of its own."""
    request = Request(b"GET", b"/", [(b"Host", b"web")])
    request.ctx = Context("10.9.9.9:50000")
    request.ctx.classify = classify
    results = []
    drive(endpoint.send(request), lambda *result: results.append(result))
    return results


@pytest.mark.parametrize(
    ("verdict", "status"), [(SUCCESS, OPEN), (FAILURE, BUSY), (RETRYABLE, BUSY)]
)
def test_the_services_classifier_has_the_last_word_on_5xx_and_errors(one, verdict, status):
    ask(one)
    (endpoint,) = one.endpoints()
    for act in (lambda: one.backend().send(ERROR), lambda: one.backend().hang_up()):
        said = []
        results = send(endpoint, lambda *seen, said=said: said.append(seen) or verdict)
        act()
        one.turn()
        (response, error), ((_, classified, failed),) = results[0], said
        assert (classified, failed) == (response, error)
        assert (error is None and response.status == 500) or isinstance(error, BackendClosed)
        assert endpoint.status == status
        one.wait(5)


def test_a_connection_that_cannot_be_made_is_a_failure(one):
    one.network.refusing.add(BAD)
    assert one.client().ask(get()).status == 502
    assert statuses(one) == {BAD: BUSY}


def test_a_backend_that_breaks_off_is_a_failure(one):
    client = one.client()
    client.send(get())
    one.backend().hang_up()
    assert client.response().status == 502
    assert statuses(one) == {BAD: BUSY}


def test_a_caller_that_leaves_counts_as_a_failure(one):
    client = one.client()
    client.send(get())
    client.hang_up()
    assert statuses(one) == {BAD: BUSY}


def test_waiting_in_vain_for_a_connection_is_a_failure(play):
    mesh = play(client={"accrual": after(1)}, pool={"max_size": 1, "max_waiters": 0})
    mesh.bind("/svc/web", BAD)
    first = mesh.client()
    first.send(get())
    assert mesh.client().ask(get()).status == 502
    assert statuses(mesh) == {BAD: BUSY}
    mesh.backend().serve()


def test_without_accrual_nothing_is_taken_out_or_counted(play):
    mesh = play()
    mesh.bind("/svc/web", BAD)
    for _ in range(20):
        ask(mesh, ERROR)
    assert statuses(mesh) == {BAD: OPEN}
    assert not any("accrual" in name for name in mesh.counters("client"))


def test_a_replica_that_is_out_stays_out_when_the_addresses_change(two):
    for _ in range(60):
        ask(two, ERROR)
    two.addresses("/#/io.l5d.fs/web", GOOD, BAD, "10.0.0.3:80")
    assert statuses(two) == {GOOD: OPEN, BAD: BUSY, "10.0.0.3:80": OPEN}


# -- failFast


@pytest.fixture
def fast(play):
    """A mesh of two replicas with failFast, of which one refuses connections."""
    mesh = play(client={"fail_fast": True})
    mesh.network.refusing.add(BAD)
    mesh.bind("/svc/web", GOOD, BAD)
    return mesh


def until_down(mesh):
    """Ask until the refusing replica has been tried: no caller notices."""
    for _ in range(50):
        assert ask(mesh) == ("10.0.0.1", 200)
        if any(attempt.address[0] == "10.0.0.2" for attempt in mesh.network.attempts):
            return
    raise AssertionError("it was never chosen")


def fail_fast_figures(mesh):
    gauges = mesh.gauges("client")
    names = ("is_marked_dead", "unhealthy_for_ms", "unhealthy_num_tries")
    return tuple(gauges[f"failfast/{name}"] for name in names)


def test_a_replica_that_refuses_a_connection_is_left_alone(fast):
    until_down(fast)
    attempts = len(fast.network.attempts)
    assert {ask(fast) for _ in range(20)} == {("10.0.0.1", 200)}
    assert len(fast.network.attempts) == attempts
    assert statuses(fast) == {GOOD: OPEN, BAD: BUSY}
    assert fast.counters("client")["failfast/marked_dead"] == 1
    fast.clock.advance(0.5)
    assert fail_fast_figures(fast) == (1, 500, 0)


def test_it_is_connected_to_again_until_that_works_and_the_connection_is_closed(fast):
    until_down(fast)
    attempts = len(fast.network.attempts)
    fast.wait(1)
    fast.turn()
    assert len(fast.network.attempts) == attempts + 1
    assert fail_fast_figures(fast)[::2] == (1, 1)
    fast.network.refusing.clear()
    for _ in range(21):
        fast.wait(0.1)
    assert statuses(fast) == {GOOD: OPEN, BAD: OPEN}
    assert fast.counters("client")["failfast/marked_available"] == 1
    assert fail_fast_figures(fast) == (0, 0, 0)
    assert fast.network.made[-1].peer.host == "10.0.0.2"
    assert fast.network.made[-1].lost
    assert fast.network.made[-1].seen == b""


def test_a_replica_that_goes_is_not_connected_to_again(fast):
    until_down(fast)
    fast.addresses("/#/io.l5d.fs/web", GOOD)
    attempts = len(fast.network.attempts)
    fast.wait(40)
    assert len(fast.network.attempts) == attempts
    assert fail_fast_figures(fast) == (0, 0, 0)


def test_an_attempt_under_way_is_cancelled_when_its_replica_goes(fast):
    until_down(fast)
    fast.network.refusing.clear()
    fast.network.silent.add(BAD)
    fast.wait(1)
    probe = fast.network.attempts[-1]
    assert not probe.cancelled
    fast.addresses("/#/io.l5d.fs/web", GOOD)
    assert probe.cancelled


def test_when_all_refuse_requests_try_anyway_and_a_connection_brings_one_back(play):
    mesh = play(client={"fail_fast": True})
    mesh.network.refusing.add(BAD)
    mesh.bind("/svc/web", BAD)
    assert [mesh.client().ask(get()).status for _ in range(2)] == [502, 502]
    mesh.network.refusing.clear()
    assert ask(mesh) == ("10.0.0.2", 200)
    assert statuses(mesh) == {BAD: OPEN}
    assert mesh.counters("client")["failfast/marked_dead"] == 1
    assert mesh.counters("client")["failfast/marked_available"] == 1


def test_a_caller_that_leaves_while_connecting_marks_nothing(play):
    mesh = play(client={"fail_fast": True})
    mesh.network.silent.add(BAD)
    mesh.bind("/svc/web", BAD)
    client = mesh.client()
    client.send(get())
    client.hang_up()
    assert statuses(mesh) == {BAD: OPEN}


def test_an_endpoint_whose_address_is_gone_is_closed(two):
    ask(two)
    gone = next(e for e in two.endpoints() if e.address.show() == BAD)
    two.addresses("/#/io.l5d.fs/web", GOOD)
    assert gone.status == CLOSED
