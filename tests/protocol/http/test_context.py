"""`clearContext`, `timestampHeader` and `maxCallDepth`, each by itself."""

import pytest

from linkerpy.codec.body import Body
from linkerpy.codec.fields import Fields
from linkerpy.codec.http import Response
from linkerpy.core.errors import BadRequest, ConnectionFailed
from linkerpy.protocol.http.context import call_depth, clear_context, timestamp
from tests.protocol.http.scripted import Asked, Scripted, request, streamed


def lower(headers):
    return {name.lower().decode() for name, _ in headers}


class TestClearContext:
    def test_nothing_of_the_mesh_reaches_the_layers_below(self):
        names = ["l5d-dtab", "L5D-Ctx-Trace", "l5d-ctx-thing", "l5d-anything", "l5d-", "x-l5d-mine"]
        backend = Scripted(200)
        Asked(request(headers=[(n.encode(), b"1") for n in names]), clear_context, backend)
        (_, _, headers, _) = backend.seen[0]
        assert lower(headers) == {"x-l5d-mine", "x-own"}

    @pytest.mark.parametrize("shared", [False, True])
    def test_nothing_of_the_mesh_reaches_the_client(self, shared):
        pairs = [(b"Content-Length", b"2"), (b"L5d-Retryable", b"true"), (b"x-l5d", b"1")]
        response = Response(200, Fields(pairs) if shared else pairs, Body(b"ok"))
        response.add(b"Via: 1.1 linkerd\r\nl5d-success-class: 1.0\r\n")
        asked = Asked(request(), clear_context, Scripted(response))
        assert lower(asked.response.headers) == {"content-length", "x-l5d", "via"}
        assert asked.response.body.data == b"ok"

    def test_added_lines_alone_are_cleared_without_losing_others(self):
        response = Response(200, Fields([(b"Content-Length", b"0")]))
        response.add(b"L5d-A: 1\r\nVia: l5d-x\r\nl5d-b: 2\r\n")
        asked = Asked(request(), clear_context, Scripted(response))
        assert asked.response.headers == [(b"Content-Length", b"0"), (b"Via", b"l5d-x")]

    def test_the_text_of_an_error_is_dropped_with_what_describes_it(self):
        headers = [(b"l5d-err", b"x"), (b"Content-Length", b"9"), (b"Content-Type", b"text/plain")]
        response = Response(502, [*headers, (b"Via", b"1.1 x")], Body(b"a message"))
        answered = Asked(request(), clear_context, Scripted(response)).response
        assert (answered.status, answered.body.data) == (502, b"")
        assert lower(answered.headers) == {"via"}

    def test_the_rest_of_a_streamed_error_is_not_taken(self):
        response, told = streamed(502, l5d_err="x")
        answered = Asked(request(), clear_context, Scripted(response)).response
        assert answered.body.length == 0
        assert [str(error) for error in told] == ["the text of an error is not passed on"]

    def test_errors_pass(self):
        error = ConnectionFailed("refused")
        assert Asked(request(), clear_context, Scripted(error)).error is error


class TestTimestamp:
    def test_the_moment_is_told_in_milliseconds(self):
        backend = Scripted(200)
        layer = timestamp("X-Request-Start", lambda: 1_452_115_286.1239)
        Asked(request(), layer, backend)
        assert (b"X-Request-Start", b"1452115286123") in backend.seen[0][2]

    def test_without_a_name_there_is_no_layer(self):
        assert timestamp(None) is None

    @pytest.mark.parametrize("name", ["", "a b", "a:", "a\r\nb", "ü"])
    def test_a_name_that_is_none_is_refused(self, name):
        with pytest.raises(ValueError, match="not a header"):
            timestamp(name)


@pytest.mark.parametrize(
    ("via", "limit", "passes"),
    [
        (["hop1, hop2, hop3"], 2, False),
        (["hop1, hop2, hop3"], 3, True),
        (["hop1", "hop2,hop3"], 2, False),
        (["hop1", "hop2,hop3"], 3, True),
        (["1.1 linkerd"], 0, False),
        ([], 0, True),
    ],
)
def test_call_depth_counts_the_hops_of_all_via_headers(via, limit, passes):
    asked = request(headers=[(b"Via", value.encode()) for value in via])
    result = Asked(asked, call_depth_layer(limit), Scripted(200))
    if passes:
        assert result.status == 200
    else:
        assert isinstance(result.error, BadRequest)
        assert str(result.error) == (
            f"Maximum number of calls ({limit}) has been exceeded. Please check for proxy loops."
        )


def call_depth_layer(limit):
    """Below a coroutine, as in the stack: an error of the layer's is then an outcome."""
    depth = call_depth(limit)

    async def inside(service, request):
        return await depth(service, request)

    return inside
