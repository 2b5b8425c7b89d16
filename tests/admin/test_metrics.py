import json

import pytest

from linkerpy.telemetry.metrics import Stat
from tests.admin.serving import serving


@pytest.fixture(scope="module")
def server():
    with serving() as running:
        metrics = running.world.metrics
        metrics.counter("foo", "bar", "bas").incr()
        metrics.counter("foo", "bar", "bass").incr()
        metrics.gauge("foo", "gauge", read=lambda: 1.0)
        metrics.counter("rt", "http", "client", "#/io.l5d.fs/web", "requests").incr(7)
        stat = metrics.stat("minute")
        stat.add(1)
        stat.turn(whole=True)
        stat.add(2)
        metrics.stat("young").add(1)
        metrics.gauge("endless", read=lambda: float("inf"))
        yield running


def ask(server, query):
    status, headers, body = server.ask(f"/admin/metrics.json{query}")
    assert headers["Content-Type"] == "application/json"
    return status, body


def figures(server, query):
    status, body = ask(server, query)
    assert status == 200
    return json.loads(body)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?q=foo/bar", {"bas": 1, "bass": 1}),
        ("?q=foo/bar&tree=1", {"bas": {"counter": 1}, "bass": {"counter": 1}}),
        ("?q=foo/bar/bas", {"": 1}),
        ("?q=rt/http/client/%23/io.l5d.fs/web", {"requests": 7}),
        ("?filter=^foo/.*s$", {"foo/bar/bas": 1, "foo/bar/bass": 1}),
        ("?q=young", {}),
    ],
)
def test_a_part_of_the_tree(server, query, expected):
    assert figures(server, query) == expected


@pytest.mark.parametrize("query", ["?q=", "?q=/foo", "?q=nope", "?q=foo/ba", "?q=nope&tree=1"])
def test_an_unknown_subtree_is_a_404(server, query):
    status, body = ask(server, query)
    asked = query[3:].partition("&")[0]
    assert (status, body) == (404, json.dumps({"error": f"No such subtree: {asked}"}))


def test_a_filter_that_is_no_expression_is_a_400(server):
    assert ask(server, "?filter=(")[0] == 400


def test_flat_names_counters_whole_and_gauges_as_fractions(server):
    body = ask(server, "")[1]
    assert '"foo/bar/bas": 1,' in body
    assert '"foo/gauge": 1.0' in body
    assert '"endless": null' in body


def test_a_stat_tells_the_last_whole_minute_in_linkerds_order(server):
    names = ["count", "max", "min", "p50", "p90", "p95", "p99", "p9990", "p9999", "sum", "avg"]
    minute = figures(server, "?q=minute")
    assert list(minute) == [f".{name}" for name in names]
    assert set(minute.values()) == {1}
    assert list(figures(server, "?q=minute&tree=1")) == [f"stat.{name}" for name in names]


def test_live_figures_include_the_present(server):
    assert figures(server, "?q=minute&live=1")[".count"] == 2
    assert figures(server, "?q=young&live=true&tree=t") == figures(server, "?q=young&tree=1&live=1")


def test_pretty_is_sorted_and_indented(server):
    body = ask(server, "?pretty=TRUE")[1]
    names = list(json.loads(body))
    assert names == sorted(names)
    assert body.startswith('{\n  "')


def test_an_alias_has_the_same(server):
    assert json.loads(server.ask("/metrics.json?q=foo/bar")[2]) == {"bas": 1, "bass": 1}


def test_a_new_stat_shows_nothing_before_its_first_minute():
    with serving() as server:
        server.world.metrics.stat("rt", "latency").add(1)
        assert figures(server, "?q=rt&tree=1") == {}
        assert isinstance(server.world.metrics.stat("rt", "latency"), Stat)
