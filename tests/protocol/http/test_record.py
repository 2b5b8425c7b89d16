"""What is recorded of requests that pass a whole router: moments, attempts, ends."""

from random import Random

import pytest

from linkerpy.policy.verdict import RETRYABLE, SUCCESS
from linkerpy.protocol.http.trace import LinkerdPropagator
from linkerpy.telemetry.recent import story
from linkerpy.telemetry.trace_id import KNOWN, SAMPLED, TraceId, from_linkerd, to_linkerd
from linkerpy.telemetry.tracing import Tracer
from tests.protocol.http.playbook import OK, answer, get


@pytest.fixture
def spans():
    return []


@pytest.fixture
def record(play, spans):
    """A router with a tracer that takes everything, unless told otherwise."""

    def start(*tracers, **options):
        server = {"propagator": LinkerdPropagator(0), **options.pop("server", {})}
        tracers = tracers or (Tracer(spans.append, 1.0),)
        mesh = play(tracers=tracers, server=server, **options)
        mesh.bind("/svc/web", "10.0.0.1:80")
        return mesh

    return start


def retry_5xx(_request, response, _error):
    return SUCCESS if response is not None and response.status < 500 else RETRYABLE


def test_each_step_of_a_request_has_its_moment(record, spans):
    mesh = record()
    client = mesh.client()
    client.send(get("/a?b=c"))
    mesh.wait(0.5)
    mesh.backend().send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
    mesh.wait(0.5)
    assert spans == []
    mesh.backend().send("cd")
    (span,) = spans
    told = story(span)
    assert (told["method"], told["path"], told["host"]) == ("GET", "/a?b=c", "web")
    assert (told["router"], told["service"], told["client"]) == (
        "http",
        "svc/web",
        "#/io.l5d.fs/web",
    )
    assert (told["identified"], told["bound"]) == ("/svc/web", "/#/io.l5d.fs/web")
    assert (told["endpoint"], told["status"], told["error"]) == ("10.0.0.1:80", 200, None)
    assert told["timings"]["identified"] == told["timings"]["dispatched"] == 0
    assert told["timings"]["first_byte"] == told["attempts"][0]["duration_ms"] == 520
    assert told["timings"]["end"] == told["duration_ms"] == 1040


def test_the_span_that_a_backend_is_told_is_its_attempts(record, spans):
    mesh = record()
    client = mesh.client()
    client.send(get("/"))
    sent = from_linkerd(mesh.backend().serve().get("l5d-ctx-trace").encode())
    (span,) = spans
    assert (sent.parent, sent.trace) == (span.trace.span, span.trace.trace)
    assert sent.span == span.attempts[0].id


def test_each_try_is_told_with_what_came_of_it(record, spans):
    mesh = record(service={"classify": retry_5xx})
    client = mesh.client()
    client.send(get("/"))
    mesh.backend().serve(answer(status="503 Sorry"))
    mesh.backend().serve(OK)
    assert client.response().status == 200
    first, second = story(spans[0])["attempts"]
    assert (first["status"], second["status"]) == (503, 200)
    assert len({attempt.id for attempt in spans[0].attempts}) == 2


def test_a_request_that_could_not_be_identified_has_no_name(record, spans):
    mesh = record()
    assert mesh.client().ask("GET / HTTP/1.0\r\n\r\n").status == 400
    (span,) = spans
    assert (span.status, span.dst, span.attempts) == (400, None, [])
    assert span.error.startswith("UnknownDestination: ")


def test_a_body_that_breaks_off_is_an_error(record, spans):
    mesh = record()
    client = mesh.client()
    client.send(get("/"))
    mesh.backend().send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
    mesh.backend().hang_up()
    (span,) = spans
    assert span.status == 200
    assert span.error.startswith("Truncated")


def test_a_client_that_leaves_ends_its_span(record, spans):
    mesh = record()
    client = mesh.client()
    client.send(get("/"))
    client.hang_up()
    (span,) = spans
    assert (span.status, span.error.split(":")[0]) == (None, "Cancelled")
    assert span.attempts[0].error.startswith("Cancelled")


def test_what_nobody_samples_is_not_recorded(record, spans):
    mesh = record(Tracer(spans.append, 0.0))
    client = mesh.client()
    client.send(get("/"))
    mesh.backend().serve()
    decided = TraceId(5, 5, 5, KNOWN | SAMPLED)
    client.send(get("/sampled", l5d_ctx_trace=to_linkerd(decided).decode()))
    mesh.backend().serve()
    assert [span.uri for span in spans] == [b"/sampled"]
    assert spans[0].trace.parent == 5


@pytest.mark.parametrize(("rate", "flags"), [(1.0, KNOWN | SAMPLED), (0.0, KNOWN)])
def test_backends_are_told_what_an_exporter_decides(record, spans, rate, flags):
    mesh = record(Tracer(spans.append, rate, decides=True))
    mesh.client().send(get("/"))
    sent = mesh.backend().serve().get("l5d-ctx-trace").encode()
    assert from_linkerd(sent).flags == flags
    assert len(spans) == rate


def test_a_share_of_requests_is_recorded(record, spans):
    mesh = record(Tracer(spans.append, 0.5, heeds_flag=False))
    mesh.env.random.setstate(Random(11).getstate())
    client = mesh.client()
    for _ in range(60):
        client.send(get("/"))
        mesh.backend().serve()
        client.response()
    assert 10 < len(spans) < 50
