import json

import pytest

from tests.admin.serving import serving

ID = "#/io.l5d.fs/a"


@pytest.fixture
def server():
    with serving() as running:
        scope = running.world.metrics.scope("rt", "webtest")
        client = scope.scope("client", ID)
        client.counter("requests").incr(5)
        client.counter("status", "503").incr(2)
        client.counter("failures").incr(3)
        client.counter("failures", "Outer").incr(2)
        client.counter("failures", "Outer", "Inner").incr(2)
        client.counter("failures", "Plain").incr(1)
        client.gauge("loadbalancer", "algorithm", "p2c_least_loaded", read=lambda: 1.0)
        client.counter("service", "svc/a", "requests").incr(4)
        scope.counter("service", "svc/a", "requests").incr(4)
        running.world.members[f"/{ID}"] = {
            "state": "bound",
            "trouble": "",
            "endpoints": [{"address": "127.0.0.1:1", "weight": 2.0, "load": 1, "state": "busted"}],
        }
        yield running


def ask(server, kind, name, router="webtest"):
    name = name.replace("#", "%23")
    status, _, body = server.ask(f"/ui/member.json?router={router}&kind={kind}&name={name}")
    return status, json.loads(body)


def test_a_client_is_told_with_its_endpoints_answers_and_failures(server):
    status, told = ask(server, "client", ID)
    assert status == 200
    assert told["endpoints"][0]["state"] == "busted"
    assert told["status"] == {"503": 2}
    assert told["failures"] == {"Inner": 2, "Plain": 1}  # the last cause, each once
    assert told["balancer"] == "p2c_least_loaded"
    assert [(flow["name"], flow["requests"]) for flow in told["services"]] == [("svc/a", 4)]


def test_a_service_is_told_with_its_clients(server):
    _, told = ask(server, "service", "svc/a")
    assert [(flow["name"], flow["requests"]) for flow in told["clients"]] == [(ID, 4)]


@pytest.mark.parametrize(
    ("kind", "name", "router"),
    [("client", "no", "webtest"), ("client", ID, "nobody"), ("bindcache", "path", "webtest")],
)
def test_what_is_not_there_is_a_404_that_says_so(server, kind, name, router):
    status, told = ask(server, kind, name, router)
    assert (status, "there is no" in told["error"]) == (404, True)
