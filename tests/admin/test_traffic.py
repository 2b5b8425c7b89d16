import json

import pytest

from linkerpy.admin.security import Security
from tests.admin.serving import serving


@pytest.fixture
def server():
    with serving(watched=True) as running:
        yield running


def ask(server, path):
    status, _, body = server.ask(path)
    assert status == 200, body
    return json.loads(body)


def members(server, label, kind):
    told = ask(server, "/ui/members.json")
    return [dict(zip(told["columns"], row, strict=True)) for row in told["routers"][label][kind]]


def test_routers_are_told_with_their_points_and_the_process_with_its_figures(server):
    told = ask(server, "/ui/traffic.json")
    assert [(one["label"], one["protocol"]) for one in told["routers"]] == [
        ("webtest", "http"),
        ("mute", "http"),
    ]
    points = told["routers"][0]["points"]
    assert len(points[0]) == len(told["columns"])
    assert told["process"]["memory"] > 0
    since = points[-1][0]
    assert ask(server, f"/ui/traffic.json?since={since + 60}")["routers"][0]["points"] == []


def test_a_since_that_is_no_number_is_a_400(server):
    assert server.ask("/ui/traffic.json?since=x")[0] == 400


def test_causes_of_failed_connects_are_summed(server):
    for client in ("a", "b"):
        scope = server.world.metrics.scope("rt", "webtest", "client", client)
        scope.counter("connect_failures", "refused").incr(2)
    assert ask(server, "/ui/traffic.json")["routers"][0]["causes"] == {"refused": 4}


def test_each_member_has_a_row(server):
    scope = server.world.metrics.scope("rt", "webtest", "client", "#/io.l5d.fs/a")
    scope.counter("requests").incr(7)
    scope.counter("retries", "requeues").incr(2)
    scope.gauge("loadbalancer", "size", read=lambda: 3)
    scope.stat("request_latency_ms").add(20)
    [row] = members(server, "webtest", "client")
    assert row["name"] == "#/io.l5d.fs/a"
    assert (row["requests"], row["retries"], row["size"], row["p99"]) == (7, 2, 3, 20)
    assert members(server, "mute", "client") == []


def test_a_scope_without_requests_is_no_member(server):
    server.world.metrics.counter("rt", "webtest", "service", "x", "other").incr()
    assert members(server, "webtest", "service") == []


def test_hostile_names_stay_json(server):
    name = '"}</script>\n\u2028'
    server.world.metrics.counter("rt", "webtest", "service", name, "requests").incr()
    assert members(server, "webtest", "service")[0]["name"] == name


def test_with_only_the_ui_served_the_dashboard_has_all_it_needs():
    with serving(Security(control=False, diagnostics=False)) as server:
        for path in ("traffic", "members", "names", "metrics"):
            assert server.ask(f"/ui/{path}.json")[0] == 200
    with serving(Security(ui=False)) as server:
        assert server.ask("/ui/traffic.json")[0] == 404
