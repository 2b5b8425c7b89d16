"""Which request bodies are gathered before they are sent, and which are not."""

import pytest

from linkerpy.codec.body import HIGH_WATER, Body, Stream
from linkerpy.codec.http import Response
from linkerpy.codec.http1_errors import Http1Error, Truncated
from linkerpy.core.drive import drive
from linkerpy.core.errors import BackendError, BadRequest, Cancelled
from linkerpy.core.service import compose
from linkerpy.protocol.http import buffering
from linkerpy.protocol.http.buffering import SHORT, gather_all_bodies, gather_short_bodies
from tests.protocol.http.scripted import Asked, Scripted, request


def ask(body):
    backend = Scripted(200)
    return backend, Asked(request("POST", body), gather_short_bodies(SHORT), backend)


@pytest.mark.parametrize("length", [1, 4, SHORT])
def test_a_short_body_is_waited_for(length):
    body = Stream(length)
    backend, asked = ask(body)
    body.write(b"x" * (length - 1))
    assert backend.tries == 0
    body.write(b"x")
    body.end()
    assert asked.status == 200
    sent = backend.seen[0][3]
    assert sent.complete
    assert sent.data == b"x" * length


@pytest.mark.parametrize("body", [Stream(SHORT + 1), Stream(None), Body(b"here"), Body(b"")])
def test_nothing_else_is(body):
    backend, asked = ask(body)
    assert (backend.tries, asked.status) == (1, 200)


def test_a_body_that_breaks_off_is_not_sent():
    body = Stream(4)
    backend, asked = ask(body)
    body.fail(Truncated("the body is cut short"))
    assert isinstance(asked.error, BadRequest)
    assert (str(asked.error), asked.error.status) == ("the body is cut short", 400)
    assert backend.tries == 0


def test_what_is_wrong_with_a_body_keeps_its_status():
    body = Stream(4)
    _, asked = ask(body)
    body.fail(Http1Error("too slow", 408))
    assert asked.error.status == 408


def test_a_caller_that_leaves_meanwhile_is_no_news():
    body = Stream(4)
    backend, asked = ask(body)
    asked.cancel(Cancelled("left"))
    body.write(b"body")
    body.end()
    assert isinstance(asked.error, Cancelled)
    assert backend.tries == 0


LONG = 10 * HIGH_WATER


@pytest.mark.parametrize("length", [LONG, None])
def test_without_streaming_every_request_body_is_waited_for(length):
    body, backend = Stream(length), Scripted(200)
    asked = Asked(request("POST", body), gather_all_bodies, backend)
    for _ in range(LONG // 1024):
        body.write(b"x" * 1024)
    assert backend.tries == 0
    body.end([(b"sum", b"1")])
    assert asked.status == 200
    sent = backend.seen[0][3]
    assert (sent.complete, sent.length, sent.trailers) == (True, LONG, [(b"sum", b"1")])


def response_through(body):
    told = []

    async def backend(_request):
        return Response(200, [], body)

    stack = compose(gather_all_bodies, backend)
    running = drive(stack(request("GET")), lambda *outcome: told.append(outcome))
    return running, told


def test_without_streaming_every_response_body_is_waited_for():
    body = Stream(None)
    _, told = response_through(body)
    body.write(b"x" * LONG)
    assert told == []
    body.end()
    assert told[0][0].body.data == b"x" * LONG


def test_without_streaming_a_response_that_breaks_off_is_an_error_and_no_half():
    body = Stream(None)
    _, told = response_through(body)
    body.write(b"half")
    body.fail(Truncated("gone"))
    assert isinstance(told[0][1], BackendError)


def test_a_caller_that_leaves_stops_the_response_that_is_waited_for():
    stopped = []
    body = Stream(None, on_cancel=stopped.append)
    running, _ = response_through(body)
    running.cancel(Cancelled("left"))
    assert len(stopped) == 1


def test_what_is_too_long_to_be_held_is_refused(monkeypatch):
    monkeypatch.setattr(buffering, "MOST", 1000)
    body, backend = Stream(None), Scripted(200)
    asked = Asked(request("POST", body), gather_all_bodies, backend)
    body.write(b"x" * 1001)
    assert asked.error.status == 413
    assert body.over
    _, told = response_through(answer := Stream(None))
    answer.write(b"x" * 1001)
    assert isinstance(told[0][1], BackendError)
