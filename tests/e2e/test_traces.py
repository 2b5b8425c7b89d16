"""A router that reports traces and metrics to collectors, and writes them to its log."""

import json
import socket

import pytest

from tests.e2e.http_mesh import TIMEOUT, FileMesh, connect, read_until
from tests.support.collector import Collector
from tests.support.processes import wait_ready

ZIPKIN = "- {{kind: io.l5d.zipkin, host: 127.0.0.1, port: {port}, sampleRate: {rate}}}\n"


@pytest.fixture
def collector(cleanup):
    made = Collector()
    cleanup.callback(made.stop)
    return made


@pytest.fixture
def mesh(twistd, free_port, tmp_path, nginx):
    """A router with these telemeters, in front of an NGINX called `web`."""

    def start(telemetry, **options):
        def with_telemetry(config, **daemon):
            return twistd(f"{config}telemetry:\n{telemetry}", **daemon)

        made = FileMesh(with_telemetry, free_port, tmp_path)
        made.name("web", nginx().port)
        return made

    return start


def get(mesh, path="/", host="web", extra=""):
    with connect(mesh.port) as sock:
        lines = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{extra}\r\n"
        sock.sendall(lines.encode())
        return read_until(sock, b"\r\n\r\n")


def spans_of(reports, path="/api/v2/spans"):
    return [span for where, _, body in reports if where == path for span in body]


def test_zipkin_is_told_of_a_request_and_its_attempt(mesh, collector):
    router = mesh(ZIPKIN.format(port=collector.port, rate=1))
    get(router, "/?q=1")
    server, client = collector.wait(spans_of)
    assert (server["kind"], client["kind"]) == ("SERVER", "CLIENT")
    assert client["parentId"] == server["id"]
    assert client["traceId"] == server["traceId"]
    assert server["tags"]["http.uri"] == "/?q=1"
    assert server["tags"]["client"] == "/#/io.l5d.fs/web"
    assert client["tags"] == {"http.status_code": "200"}
    assert server["timestamp"] <= client["timestamp"]
    assert router.metrics()["telemeters/io.l5d.zipkin/queued"] == 0


def test_what_the_caller_wants_traced_is_traced_whatever_the_rate(mesh, collector):
    router = mesh(
        f"- {{kind: io.zipkin.http, host: '127.0.0.1:{collector.port}', initialSampleRate: 0}}\n"
    )
    get(router, "/not")
    get(router, "/wanted", extra="l5d-sample: 1.0\r\n")
    server, _ = collector.wait(spans_of)
    assert server["tags"]["http.uri"] == "/wanted"
    (_, headers, _) = collector.reports[0]
    assert (headers["host"], headers["content-encoding"]) == ("zipkin", "gzip")


def test_what_waits_is_sent_when_the_router_ends(mesh, collector):
    router = mesh(ZIPKIN.format(port=collector.port, rate=1))
    for n in range(5):
        get(router, f"/{n}")
    assert router.daemon.stop() == 0
    told = [
        span["tags"]["http.uri"] for span in spans_of(collector.reports) if span["kind"] == "SERVER"
    ]
    assert told == [f"/{n}" for n in range(5)]


def test_a_collector_that_is_down_is_explained_once_and_gets_everything_later(
    mesh, cleanup, free_port
):
    port = free_port()
    router = mesh(ZIPKIN.format(port=port, rate=1))
    get(router, "/early")
    where = f"http://127.0.0.1:{port}/api/v2/spans"
    output = lambda: router.daemon.output  # noqa: E731
    wait_ready(router.daemon.process, lambda: f"{where} takes no reports" in output(), output)
    back = Collector(port)
    cleanup.callback(back.stop)
    server, _ = back.wait(spans_of)
    assert server["tags"]["http.uri"] == "/early"
    wait_ready(router.daemon.process, lambda: f"{where} takes reports again" in output(), output)
    assert output().count("takes no reports") == 1
    assert "Connection refused" in output()


def test_a_collector_that_is_down_does_not_keep_the_router_from_ending(mesh, free_port):
    router = mesh(ZIPKIN.format(port=free_port(), rate=1))
    get(router)
    assert router.daemon.stop() == 0
    assert "Traceback" not in router.daemon.output


OTLP = """\
- kind: io.l5d.otlp
  endpoint: http://127.0.0.1:{port}
  sampleRate: 1
  metricsIntervalMs: 200
  headers: {{x-key: secret}}
"""


def test_an_opentelemetry_collector_is_told_of_requests_and_metrics(mesh, collector):
    router = mesh(OTLP.format(port=collector.port))
    get(router)

    def traces(reports):
        return [body["resourceSpans"][0] for path, _, body in reports if path == "/v1/traces"]

    (reported,) = collector.wait(traces)
    server, client = reported["scopeSpans"][0]["spans"]
    assert (server["kind"], client["kind"]) == (2, 3)
    assert client["parentSpanId"] == server["spanId"]

    def requests(reports):
        return [
            point["asInt"]
            for path, headers, body in reports
            if path == "/v1/metrics" and headers["x-key"] == "secret"
            for metric in body["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]
            if metric["name"] == "rt/client/requests"
            for point in metric["sum"]["dataPoints"]
            if point["asInt"] == "1"
        ]

    assert collector.wait(requests)
    assert "secret" not in router.daemon.admin("/config.json")


def test_an_exporters_decision_reaches_the_next_router_in_the_same_trace(
    mesh, collector, twistd, free_port, tmp_path
):
    """Two routers in a row: one trace, of which the second samples nothing by itself."""
    behind = mesh(ZIPKIN.format(port=collector.port, rate=0))
    (tmp_path / "front").mkdir()

    def front(config, **daemon):
        return twistd(
            config + "telemetry:\n" + ZIPKIN.format(port=collector.port, rate=1), **daemon
        )

    first = FileMesh(front, free_port, tmp_path / "front")
    first.name("web", behind.port)
    get(first)

    def four(reports):
        spans = spans_of(reports)
        return spans if len(spans) == 4 else None

    spans = collector.wait(four)
    assert len({span["traceId"] for span in spans}) == 1
    by_id = {span["id"]: span for span in spans}
    (leaf,) = [s for s in spans if s["id"] not in {t.get("parentId") for t in spans}]
    depth = 1
    while leaf.get("parentId") in by_id:
        leaf, depth = by_id[leaf["parentId"]], depth + 1
    assert depth == 4


def test_a_trace_is_a_line_of_the_log(mesh):
    router = mesh("- {kind: io.l5d.tracelog}\n")
    get(router, "/hello")
    output = lambda: router.daemon.output  # noqa: E731
    wait_ready(router.daemon.process, lambda: "http.uri=/hello" in output(), output, TIMEOUT)
    (line,) = [line for line in output().splitlines() if "http.uri=/hello" in line]
    assert "service=/svc/web client=/#/io.l5d.fs/web" in line


def test_recent_requests_tell_what_happened(mesh):
    router = mesh("- {kind: io.l5d.recentRequests, sampleRate: 1.0, capacity: 2}\n")
    for path, host in (("/1", "web"), ("/2", "web"), ("/3", "nobody")):
        get(router, path, host)
    told = json.loads(router.daemon.admin("/admin/requests.json"))["requests"]
    assert [(one["path"], one["status"]) for one in told] == [("/3", 502), ("/2", 404)]
    assert told[0]["error"].startswith("NoHosts: ")
    assert told[1]["attempts"][0]["status"] == 404
    assert told[1]["bound"] == "/#/io.l5d.fs/web"
    only = json.loads(router.daemon.admin("/admin/requests.json?service=svc/web&limit=5"))
    assert [one["path"] for one in only["requests"]] == ["/2"]


def test_a_collector_that_never_answers_does_not_keep_the_router_from_ending(mesh):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        router = mesh(ZIPKIN.format(port=port, rate=1))
        get(router)
        assert router.daemon.stop() == 0
    assert "Traceback" not in router.daemon.output
