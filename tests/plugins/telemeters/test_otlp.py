"""What `io.l5d.otlp` sends is what OpenTelemetry's own definitions read."""

import json

import pytest
from twisted.internet.defer import succeed

from linkerpy.app import schema
from linkerpy.config.kinds import REGISTRY
from linkerpy.net.collector import Collector, Outcome
from tests.support.env import fake_env
from tests.telemetry.spans import retried

schema.install()


@pytest.fixture
def sent(monkeypatch):
    """The bodies that would be sent, by URL."""
    bodies = {}

    def post(collector, body):
        bodies.setdefault(collector.url, []).append(body)
        return succeed(Outcome.TAKEN)

    monkeypatch.setattr(Collector, "post", post)
    return bodies


def config(**keys):
    chosen = REGISTRY.find("telemeter", "io.l5d.otlp")
    return chosen.model_validate({"kind": "io.l5d.otlp", **keys}, by_alias=True, by_name=False)


def drain(env, **keys):
    telemeter = config(**keys).build(env)
    running = telemeter.run()
    if telemeter.tracer is not None:
        retried(telemeter.tracer.record)
    told = []
    telemeter.drain(lambda: told.append(None))
    assert told == [None]
    running.close()
    assert env.clock.getDelayedCalls() == []


def filled():
    env = fake_env()
    env.metrics.counter("rt", "http", "service", "svc/ä", "requests").incr(3)
    env.metrics.gauge("jvm", "uptime", read=lambda: 1.5)
    env.metrics.stat("rt", "http", "server", "s", "request_latency_ms").add(7)
    return env


def test_spans_and_metrics_are_read_by_opentelemetrys_own_definitions(sent):
    json_format = pytest.importorskip("google.protobuf.json_format")
    traces = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
    metrics = pytest.importorskip("opentelemetry.proto.collector.metrics.v1.metrics_service_pb2")
    drain(filled(), serviceName="edge")
    (body,) = sent["http://localhost:4318/v1/traces"]
    read = json_format.Parse(body, traces.ExportTraceServiceRequest())
    spans = read.resource_spans[0].scope_spans[0].spans
    assert [span.name for span in spans] == ["GET svc/web"] * 3
    assert spans[0].end_time_unix_nano - spans[0].start_time_unix_nano == 20_000_000
    (body,) = sent["http://localhost:4318/v1/metrics"]
    read = json_format.Parse(body, metrics.ExportMetricsServiceRequest())
    told = {one.name: one for one in read.resource_metrics[0].scope_metrics[0].metrics}
    assert told["rt/service/requests"].sum.data_points[0].as_int == 3
    (point,) = told["rt/server/request_latency_ms"].histogram.data_points
    assert (point.count, point.sum, sum(point.bucket_counts)) == (1, 7, 1)


def test_who_reports_is_told(sent):
    drain(filled(), serviceName="edge", metrics=False)
    assert list(sent) == ["http://localhost:4318/v1/traces"]
    (body,) = sent["http://localhost:4318/v1/traces"]
    pairs = json.loads(body)["resourceSpans"][0]["resource"]["attributes"]
    assert pairs[0] == {"key": "service.name", "value": {"stringValue": "edge"}}
    assert len(pairs[2]["value"]["stringValue"]) == 36


def test_metrics_alone(sent):
    drain(filled(), traces=False, endpoint="https://otel:4318/")
    assert list(sent) == ["https://otel:4318/v1/metrics"]
    assert config(traces=False).build(fake_env()).tracer is None


def test_headers_are_secret():
    made = config(headers={"authorization": "Bearer 5up3r"})
    assert "5up3r" not in json.dumps(schema.to_json(made))


@pytest.mark.parametrize("url", ["localhost:4318", "grpc://x:4317", "http://", ""])
def test_what_is_no_collectors_address_is_refused(url):
    with pytest.raises(ValueError, match="endpoint"):
        config(endpoint=url)
