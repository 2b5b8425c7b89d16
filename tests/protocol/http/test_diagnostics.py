"""What a TRACE tells of a router, and what it leaves alone."""

import re
from types import SimpleNamespace

import pytest

from linkerpy.codec.body import Body
from linkerpy.codec.http import Response
from linkerpy.core.errors import BadRequest
from linkerpy.naming.addr import Address
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.interpreter import DtabInterpreter
from linkerpy.naming.path import Path
from linkerpy.protocol.http.diagnostics import Here, diagnose
from linkerpy.router.dst import Dst
from tests.protocol.http.scripted import Asked, Scripted, request, streamed
from tests.support.names import system_namer

DTAB = "/srv => /$/inet/127.1/8080 ; /svc => /srv"
ADD = (b"L5d-Add-Context", b"TRUE")

CONTEXT = """\
--- Router: http ---
request duration: 25 ms
service name: /svc/dog
client name: /$/inet/127.1/8080
addresses: [127.0.0.1:8080]
selected address: 127.0.0.1:8080
dtab resolution:
  /svc/dog
  /srv/dog (/svc=>/srv)
  /$/inet/127.1/8080/dog (/srv=>/$/inet/127.1/8080)

"""


@pytest.fixture
def clock():
    return iter((1.0, 1.025))


def layer(clock, dtab=DTAB, name="/$/inet/127.1/8080", interpreter=None):
    interpreter = interpreter or DtabInterpreter((), system_namer())
    client = SimpleNamespace(addresses=["127.0.0.1:8080"])
    base, id_ = Dtab.parse(dtab), Path.parse(name)
    return diagnose(Here("http", base, interpreter, id_, client, lambda: next(clock)))


def ask(clock, *headers, answer=200, method="TRACE", local="", **options):
    backend = Scripted(answer)
    asked = request(method, headers=headers)
    asked.ctx.dst = Dst(Path.parse("/svc/dog"), Dtab.parse(local))
    asked.ctx.endpoint = Address("127.0.0.1", 8080)
    return Asked(asked, layer(clock, **options), backend), backend


def whole(content):
    return Response(200, [(b"Content-Length", b"%d" % len(content))], Body(content))


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_other_requests_pass_as_they_are(clock, method):
    told, backend = ask(clock, ADD, (b"Max-Forwards", b"0"), method=method, answer=whole(b"hi"))
    assert told.response.body.data == b"hi"
    assert (b"Max-Forwards", b"0") in backend.seen[0][2]


def test_the_context_is_put_behind_what_the_backend_says(clock):
    told, _ = ask(clock, ADD, answer=whole(b"hi"))
    assert told.response.body.data.decode() == f"hi\n{CONTEXT}"


def test_nobody_who_does_not_ask_is_told(clock):
    told, backend = ask(clock, answer=whole(b"hi"))
    assert (told.response.body.data, backend.tries) == (b"hi", 1)


def test_the_last_router_answers_by_itself(clock):
    told, backend = ask(clock, ADD, (b"Max-Forwards", b"0"))
    assert told.response.body.data.decode() == CONTEXT.replace("25 ms", "0 ms")
    told, _ = ask(clock, (b"Max-Forwards", b"0"))
    assert (told.status, told.response.body.data) == (200, b"")
    assert backend.tries == 0


@pytest.mark.parametrize("headers", [[], [ADD]])
def test_each_router_counts_one_down(clock, headers):
    _, backend = ask(clock, (b"Max-Forwards", b"7"), *headers)
    assert (b"Max-Forwards", b"6") in backend.seen[0][2]


@pytest.mark.parametrize("value", [b"many", b"-1", b"1.5", b""])
def test_what_is_no_number_is_refused(clock, value):
    told, backend = ask(clock, (b"Max-Forwards", value))
    assert isinstance(told.error, BadRequest)
    assert (str(told.error), backend.tries) == ("Invalid value for Max-Forwards header", 0)


def test_content_that_nothing_can_be_put_behind_gives_way(clock):
    endless, gone = streamed(200)
    told, _ = ask(clock, ADD, answer=endless)
    text = told.response.body.data.decode()
    assert text.startswith("Diagnostic trace encountered chunked response. Response content disc")
    assert text.endswith(CONTEXT)
    assert len(gone) == 1
    packed = Response(200, [(b"Content-Encoding", b"gzip")], Body(b"\x1f\x8b"))
    told, _ = ask(iter((0, 0)), ADD, answer=packed)
    assert b"\x1f" not in told.response.body.data
    assert told.response.get(b"content-encoding") is None


def resolution(told):
    found = re.search(r"dtab resolution:\n((?:  .*\n)*)", told.response.body.data.decode())
    return [line.strip() for line in found[1].splitlines()]


def test_of_several_ways_the_one_is_told_that_was_taken(clock):
    dtab = "/svc/dog => /$/nil | 1 * /$/inet/127.1/1 & 9 * /$/inet/127.1/2"
    told, _ = ask(clock, ADD, dtab=dtab, name="/$/inet/127.1/2")
    dentry = "/svc/dog=>/$/nil | /$/inet/127.1/1 & 9.00*/$/inet/127.1/2"
    assert resolution(told) == ["/svc/dog", f"/$/inet/127.1/2 ({dentry})"]


def test_the_callers_own_dtab_counts(clock):
    told, _ = ask(clock, ADD, local="/svc => /$/inet/127.1/7", name="/$/inet/127.1/7")
    assert resolution(told) == ["/svc/dog", "/$/inet/127.1/7/dog (/svc=>/$/inet/127.1/7)"]


def test_an_interpreter_that_explains_nothing_leaves_the_name(clock):
    told, _ = ask(clock, ADD, interpreter=object())
    assert resolution(told) == ["/svc/dog"]
