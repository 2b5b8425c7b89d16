"""OTLP's JSON: spans, as a collector reads them."""

from itertools import count

from linkerpy.core.errors import UnknownDestination
from linkerpy.telemetry.otlp import attributes, otlp_spans, resource, resource_spans
from linkerpy.telemetry.trace_id import TraceId
from tests.telemetry.spans import AT, failed, retried

NS = round(AT) * 10**9


def told(span):
    return otlp_spans(span, count(1).__next__)


def plain(pairs):
    return {pair["key"]: next(iter(pair["value"].values())) for pair in pairs}


def test_a_request_is_a_server_span_and_a_client_span_for_each_attempt():
    server, refused, answered = told(retried())
    assert server["traceId"] == "000000000000000000000000000000c3"
    assert (server["spanId"], server["parentSpanId"]) == ("00000000000000a1", "00000000000000b2")
    assert (server["kind"], server["name"]) == (2, "GET svc/web")
    assert server["startTimeUnixNano"] == str(NS)
    assert server["endTimeUnixNano"] == str(NS + 20_000_000)
    assert plain(server["attributes"]) == {
        "http.request.method": "GET",
        "url.path": "/cart",
        "url.query": "id=7",
        "server.address": "web",
        "client.address": "10.9.9.9",
        "l5d.router": "http",
        "l5d.service": "/svc/web",
        "l5d.client": "/#/io.l5d.fs/web",
        "l5d.residual": "/",
        "http.response.status_code": "200",
    }
    assert server["events"] == [
        {"name": "identified", "timeUnixNano": str(NS + 1_000_000)},
        {"name": "bound", "timeUnixNano": str(NS + 2_000_000)},
        {"name": "first_byte", "timeUnixNano": str(NS + 12_500_000)},
    ]
    assert "status" not in server
    assert (answered["kind"], answered["parentSpanId"]) == (3, server["spanId"])
    assert plain(answered["attributes"])["server.port"] == "8080"
    assert answered["events"] == [{"name": "dispatched", "timeUnixNano": str(NS + 8_000_000)}]
    assert refused["status"] == {"code": 2, "message": "ConnectionFailed: refused"}
    assert plain(refused["attributes"])["error.type"] == "ConnectionFailed"
    assert "events" not in refused


def test_a_request_that_failed_is_an_error():
    (server,) = told(failed(UnknownDestination("who?"), trace=TraceId(7, 7, 7, 0, 9)))
    assert server["traceId"] == "00000000000000090000000000000007"
    assert "parentSpanId" not in server
    assert server["status"] == {"code": 2, "message": "UnknownDestination: who?"}
    assert plain(server["attributes"])["http.response.status_code"] == "400"


def test_a_whole_request_of_an_exporter():
    who = resource("edge", "1.0", "id")
    made = resource_spans(who, {"name": "linkerpy"}, [{"spanId": "1"}])
    (reported,) = made["resourceSpans"]
    assert plain(reported["resource"]["attributes"]) == {
        "service.name": "edge",
        "service.version": "1.0",
        "service.instance.id": "id",
    }
    assert reported["scopeSpans"] == [{"scope": {"name": "linkerpy"}, "spans": [{"spanId": "1"}]}]


def test_whole_numbers_are_text_and_text_is_text():
    assert attributes([("a", "x"), ("b", 2**60)]) == [
        {"key": "a", "value": {"stringValue": "x"}},
        {"key": "b", "value": {"intValue": str(2**60)}},
    ]
