import json

from twisted.internet.task import Clock

from linkerpy.admin.lately import KEPT, Lately
from linkerpy.telemetry.metrics import Metrics


def told(lately):
    """The times, and the readings by member."""
    whole = json.loads("".join(lately.pieces()))
    members = {tuple(row[:3]): row[3:] for row in whole["members"]}
    return whole["counters"], whole["times"], members


def count(metrics, kind, name, requests, failures=0):
    scope = metrics.scope("rt", "web", kind, name)
    scope.counter("requests").incr(requests)
    scope.counter("failures").incr(failures)


def test_each_members_first_reading_is_told_and_then_how_it_grew():
    clock, metrics = Clock(), Metrics()
    lately = Lately(metrics, lambda: ["web"], clock)
    count(metrics, "service", "svc/a", 7)
    clock.advance(5)
    count(metrics, "service", "svc/a", 10, failures=2)
    count(metrics, "client", "#/late", 3)
    clock.advance(5)
    counters, times, members = told(lately)
    assert counters[:3] == ["requests", "success", "failures"]
    assert times == [5, 10]
    assert members == {
        ("web", "service", "svc/a"): [[7, 0, 0, 0, 0], [10, 0, 2, 0, 0]],
        ("web", "client", "#/late"): [[3, 0, 0, 0, 0]],
    }
    lately.close()


def test_who_has_gone_and_what_counts_no_requests_is_not_told():
    clock, metrics = Clock(), Metrics()
    labels = ["web"]
    lately = Lately(metrics, lambda: labels, clock)
    count(metrics, "service", "svc/a", 1)
    metrics.counter("rt", "web", "client", "odd", "connects").incr()
    clock.advance(5)
    assert list(told(lately)[2]) == [("web", "service", "svc/a")]
    labels.clear()
    clock.advance(5)
    assert told(lately)[2] == {}
    lately.close()


def test_a_minute_is_kept_and_nothing_read_after_the_end():
    clock, metrics = Clock(), Metrics()
    lately = Lately(metrics, lambda: ["web"], clock)
    count(metrics, "service", "svc/a", 1)
    for _ in range(KEPT + 3):
        clock.advance(5)
    _, times, members = told(lately)
    assert times == [5.0 * n for n in range(4, KEPT + 4)]
    assert len(members["web", "service", "svc/a"]) == KEPT
    lately.close()
    assert clock.getDelayedCalls() == []
