"""Which request bodies are gathered before they are sent, and which are not."""

import pytest

from linkerpy.codec.body import Body, Stream
from linkerpy.codec.http1_errors import Http1Error, Truncated
from linkerpy.core.errors import BadRequest, Cancelled
from linkerpy.protocol.http.buffering import SHORT, gather_short_bodies
from tests.protocol.http.scripted import Asked, Scripted, request


def ask(body):
    backend = Scripted(200)
    return backend, Asked(request("POST", body), gather_short_bodies, backend)


@pytest.mark.parametrize("length", [1, 4, SHORT])
def test_a_short_body_is_waited_for(length):
    body = Stream(length)
    backend, asked = ask(body)
    body.write(b"x" * (length - 1))
    assert backend.tries == 0
    body.write(b"x")
    body.end()
    assert asked.status == 200
    assert body.complete
    assert body.data == b"x" * length


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
