from twisted.internet.task import Clock

from linkerpy.admin.history import KEPT, History
from linkerpy.telemetry.metrics import Metrics


def traffic(metrics, times, *, server="127.0.0.1/80", took=10):
    scope = metrics.scope("rt", "web", "server", server)
    scope.counter("requests").incr(times)
    scope.counter("success").incr(times - 1)
    scope.counter("failures").incr(1)
    for _ in range(times):
        scope.stat("request_latency_ms").add(took)


def test_a_point_a_second_sums_the_servers():
    clock, metrics = Clock(), Metrics()
    history = History(metrics, lambda: ["web"], clock)
    traffic(metrics, 9, took=10)
    traffic(metrics, 1, server="127.0.0.1/81", took=90)
    metrics.counter("rt", "web", "service", "svc/a", "retries", "total").incr(2)
    metrics.counter("rt", "web", "client", "$/inet/x/1", "retries", "requeues").incr(3)
    clock.advance(1)
    first, second = history.since("web", -1)
    assert (first.at, first.requests, first.p99) == (0, 0, None)
    assert (second.at, second.requests, second.success, second.failures) == (1, 10, 8, 2)
    assert second.retries == 5
    assert (second.p50, second.p99) == (10, 90)  # of both servers' requests together
    history.close()


def test_only_what_is_newer_is_told():
    clock = Clock()
    history = History(Metrics(), lambda: ["web"], clock)
    for _ in range(3):
        clock.advance(1)
    assert [point.at for point in history.since("web", 1)] == [2, 3]
    assert history.since("web", 3) == []
    assert history.since("nobody", 0) == []
    history.close()


def test_five_minutes_are_kept_and_nothing_after_the_end():
    clock = Clock()
    history = History(Metrics(), lambda: ["web"], clock)
    for _ in range(KEPT + 10):
        clock.advance(1)
    assert len(history.since("web", -1)) == KEPT
    history.close()
    assert clock.getDelayedCalls() == []


def test_routers_come_and_go_with_a_reload():
    clock, labels = Clock(), ["web", "db"]
    history = History(Metrics(), lambda: labels, clock)
    clock.advance(1)
    labels = ["web", "new"]
    clock.advance(1)
    assert [point.at for point in history.since("web", -1)] == [0, 1, 2]
    assert [point.at for point in history.since("new", -1)] == [2]
    assert history.since("db", -1) == []
    history.close()


def test_somebody_else_may_say_when_to_note():
    clock = Clock()
    history = History(Metrics(), lambda: ["web"], clock, by_itself=False)
    assert clock.getDelayedCalls() == []
    clock.advance(2.5)
    history.note()
    assert [point.at for point in history.since("web", -1)] == [2.5]
    history.close()
