import json

import pytest

from tests.admin.serving import serving


@pytest.fixture(scope="module")
def server():
    with serving() as running:
        metrics = running.world.metrics.scope("rt", "web", "service", "svc/a")
        metrics.counter("requests").incr(4)
        metrics.counter("failures").incr(1)
        metrics.stat("request_latency_ms").add(12)
        metrics.gauge("pending", read=lambda: float("nan"))
        yield running


def ask(server, query):
    status, _, body = server.ask(f"/ui/metrics.json{query}")
    assert status == 200
    return json.loads(body)


def test_all_words_must_be_in_the_name_whatever_their_case(server):
    told = ask(server, "?find=SVC+Requests")
    assert [metric["name"] for metric in told["metrics"]] == ["rt/web/service/svc/a/requests"]
    assert told["found"] == 1
    assert told["total"] > 4


def test_each_kind_has_its_figures(server):
    told = {metric["name"].rpartition("/")[2]: metric for metric in ask(server, "")["metrics"]}
    assert (told["requests"]["kind"], told["requests"]["value"]) == ("counter", 4)
    assert (told["pending"]["kind"], told["pending"]["value"]) == ("gauge", None)
    assert (told["request_latency_ms"]["kind"], told["request_latency_ms"]["p99"]) == ("stat", 12)


def test_the_name_for_prometheus_stands_beside_it(server):
    [metric] = ask(server, "?find=svc/a/requests")["metrics"]
    assert metric["series"] == 'rt:service:requests{rt="web", service="svc/a"}'


def test_no_more_than_asked_for_but_all_are_counted(server):
    told = ask(server, "?find=svc/a&limit=1")
    assert (len(told["metrics"]), told["found"]) == (1, 4)


def test_a_limit_that_is_no_number_is_a_400(server):
    assert server.ask("/ui/metrics.json?limit=x")[0] == 400
