"""The metrics tree as OTLP: names, attributes, values."""

import json

from linkerpy.telemetry.metrics import Metrics
from linkerpy.telemetry.otlp_metrics import MOST_POINTS, metric_pieces


def told(metrics):
    pieces = [json.loads(piece) for piece in metric_pieces(metrics.root, "1", "2") if piece]
    assert len({piece["name"] for piece in pieces}) == len(pieces)
    return {piece.pop("name"): piece for piece in pieces}


def labels(point):
    return {pair["key"]: pair["value"]["stringValue"] for pair in point["attributes"]}


def test_a_counter_is_a_sum_since_the_start():
    metrics = Metrics()
    metrics.counter("rt", "http", "service", "svc/web", "requests").incr(3)
    (point,) = told(metrics)["rt/service/requests"]["sum"]["dataPoints"]
    assert labels(point) == {"rt": "http", "service": "svc/web"}
    assert (point["asInt"], point["startTimeUnixNano"], point["timeUnixNano"]) == ("3", "1", "2")
    assert told(metrics)["rt/service/requests"]["sum"]["isMonotonic"] is True


def test_a_gauge_is_read_and_what_is_no_number_is_left_out():
    metrics = Metrics()
    metrics.gauge("jvm", "uptime", read=lambda: 1.5)
    metrics.gauge("odd", read=lambda: float("nan"))
    metrics.gauge("gone", read=lambda: 1).close()
    (point,) = told(metrics)["jvm/uptime"]["gauge"]["dataPoints"]
    assert point == {"attributes": [], "timeUnixNano": "2", "asDouble": 1.5}
    assert told(metrics).keys() == {"jvm/uptime"}


def test_a_stat_is_a_histogram_whose_buckets_add_up():
    metrics = Metrics()
    stat = metrics.stat("rt", "http", "server", "s", "request_latency_ms")
    for sample in (0, 1, 1, 3, 20_000):
        stat.add(sample)
    metrics.stat("never", "used_ms")
    (point,) = told(metrics)["rt/server/request_latency_ms"]["histogram"]["dataPoints"]
    assert (point["count"], point["sum"]) == ("5", 20_005)
    assert point["explicitBounds"][:4] == [0.0, 1.0, 2.0, 5.0]
    assert point["bucketCounts"][:4] == ["1", "2", "0", "1"]
    assert len(point["bucketCounts"]) == len(point["explicitBounds"]) + 1
    assert sum(map(int, point["bucketCounts"])) == 5
    assert "never/used_ms" not in told(metrics)


def test_each_failure_stands_once_under_its_exception():
    metrics = Metrics()
    scope = metrics.scope("rt", "http", "server", "s", "failures")
    scope.counter().incr(3)
    scope.counter("A").incr(3)
    scope.counter("A", "B").incr(2)
    found = told(metrics)
    assert found["rt/server/failures"]["sum"]["dataPoints"][0]["asInt"] == "3"
    points = found["rt/server/failures_by_exception"]["sum"]["dataPoints"]
    assert {labels(p)["exception"]: p["asInt"] for p in points} == {"A": "1", "A:B": "2"}


def test_a_metric_with_very_many_points_comes_in_pieces():
    metrics = Metrics()
    for n in range(MOST_POINTS + 1):
        metrics.counter("rt", "http", "service", f"svc/{n}", "requests").incr()
    pieces = [json.loads(piece) for piece in metric_pieces(metrics.root, "1", "2") if piece]
    assert [len(piece["sum"]["dataPoints"]) for piece in pieces] == [MOST_POINTS, 1]
