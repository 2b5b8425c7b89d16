"""Zipkin's v2 JSON: what a collector is told of a request."""

from itertools import count

from linkerpy.core.errors import UnknownDestination
from linkerpy.telemetry.trace_id import TraceId
from linkerpy.telemetry.zipkin import MOST_TARGET, zipkin_spans
from tests.telemetry.spans import AT, begun, bound, failed, named, retried, sent


def told(span):
    return zipkin_spans(span, count(1).__next__)


def test_a_request_is_a_server_span_and_a_client_span_for_each_attempt():
    server, refused, answered = told(retried())
    assert server == {
        "traceId": "00000000000000c3",
        "id": "00000000000000a1",
        "parentId": "00000000000000b2",
        "kind": "SERVER",
        "name": "http /svc/web",
        "timestamp": AT * 1_000_000,
        "duration": 20_000,
        "localEndpoint": {"serviceName": "svc/web"},
        "remoteEndpoint": {"ipv4": "10.9.9.9", "port": 50000},
        "tags": {
            "router.label": "http",
            "http.method": "GET",
            "http.uri": "/cart?id=7",
            "http.host": "web",
            "service": "/svc/web",
            "client": "/#/io.l5d.fs/web",
            "residual": "/",
            "http.status_code": "200",
        },
    }
    assert answered == {
        "traceId": "00000000000000c3",
        "id": "00000000000000d4",
        "parentId": "00000000000000a1",
        "kind": "CLIENT",
        "name": "GET svc/web",
        "timestamp": AT * 1_000_000 + 5000,
        "duration": 7000,
        "localEndpoint": {"serviceName": "svc/web"},
        "remoteEndpoint": {
            "ipv4": "10.0.0.1",
            "port": 8080,
            "serviceName": "#/io.l5d.fs/web",
        },
        "annotations": [{"timestamp": AT * 1_000_000 + 8000, "value": "ws"}],
        "tags": {"http.status_code": "200"},
    }
    assert refused["tags"] == {"error": "ConnectionFailed: refused"}
    assert "annotations" not in refused


def test_a_trace_that_began_here_has_no_parent():
    (server,) = told(failed(UnknownDestination("who?"), trace=TraceId.root(7)))
    assert "parentId" not in server
    assert server["id"] == server["traceId"] == "0000000000000007"
    assert server["name"] == "http"
    assert server["tags"]["error"] == "UnknownDestination: who?"


def test_of_several_sendings_under_one_id_the_last_keeps_it():
    span, clock = begun()
    named(span, clock)
    for n in range(3):
        sent(span, clock, n, n + 1, 503, id_=0xD4)
    span.finish(None)
    ids = [each["id"] for each in told(span)]
    assert ids[-1] == "00000000000000d4"
    assert len(set(ids)) == 4


def test_a_sending_without_an_id_is_given_one():
    span, clock = begun()
    named(span, clock)
    bound(span, clock)
    sent(span, clock, 1, 2, 200, id_=0)
    server, client = told(span)
    assert client["id"] != server["id"]


def test_a_5xx_is_an_error_without_a_text():
    span, clock = begun()
    named(span, clock)
    sent(span, clock, 1, 2, 503)
    span.answered(503)
    span.finish(None)
    assert [each["tags"]["error"] for each in told(span)] == ["503", "503"]


def test_a_caller_without_an_address_and_a_target_without_end():
    span = failed(UnknownDestination("x"), uri=b"/" * 100_000)
    span.peer = "unix"
    (server,) = told(span)
    assert "remoteEndpoint" not in server
    assert len(server["tags"]["http.uri"]) == MOST_TARGET


def test_ipv6():
    span = failed(UnknownDestination("x"))
    span.peer = "[::1]:80"
    assert told(span)[0]["remoteEndpoint"] == {"ipv6": "::1", "port": 80}
