import pytest

from linkerpy.telemetry.metrics import Counter, Gauge, Metrics, Stat


def names(metrics):
    return ["/".join(name) for name, _ in metrics.walk()]


def test_a_counter_of_one_name_is_one_counter():
    metrics = Metrics()
    metrics.scope("foo").counter("bar", "bas").incr()
    counter = metrics.counter("foo", "bar", "bas")
    counter.incr(2)
    counter.value += 1
    assert metrics.scope("foo", "bar").counter("bas").value == 4


def test_a_name_may_hold_a_metric_and_have_children():
    metrics = Metrics()
    metrics.counter("failures").incr()
    metrics.counter("failures", "some.Exception").incr()
    assert names(metrics) == ["failures", "failures/some.Exception"]


def test_a_segment_may_contain_slashes():
    metrics = Metrics()
    metrics.counter("client", "#/io.l5d.fs/web", "requests")
    assert [name for name, _ in metrics.walk()] == [("client", "#/io.l5d.fs/web", "requests")]


@pytest.mark.parametrize("kind", ["counter", "stat", "gauge"])
def test_another_kind_of_metric_under_a_name_is_refused(kind):
    makers = {
        "counter": lambda scope: scope.counter("x"),
        "stat": lambda scope: scope.stat("x"),
        "gauge": lambda scope: scope.gauge("x", read=lambda: 1.0),
    }
    scope = Metrics().scope("rt", "http")
    makers.pop(kind)(scope)
    for other, make in makers.items():
        with pytest.raises(TypeError, match=f"rt/http/x: non-{other} metric already exists"):
            make(scope)


def test_live_gauges_of_one_name_add_up_until_closed():
    metrics = Metrics()
    first = metrics.gauge("connections", read=lambda: 1)
    metrics.gauge("connections", read=lambda: 2)
    ((_, gauge),) = metrics.walk()
    assert (gauge.value, gauge.live) == (3.0, True)
    first.close()
    first.close()
    assert gauge.value == 2.0


def test_a_gauge_is_read_when_asked_for():
    values = [1.0]
    metrics = Metrics()
    metrics.gauge("g", read=lambda: values[-1])
    ((_, gauge),) = metrics.walk()
    values.append(7.0)
    assert gauge.value == 7.0


def test_pruning_forgets_the_subtree_and_later_use_makes_it_anew():
    metrics = Metrics()
    kept = metrics.counter("service", "svc/a", "requests")
    scope = metrics.scope("service", "svc/b")
    scope.counter("requests").incr()
    closing = scope.gauge("pending", read=lambda: 1)
    scope.prune()
    assert names(metrics) == ["service/svc/a/requests"]
    closing.close()
    scope.prune()
    assert scope.node is None
    assert scope.counter("requests").value == 0
    kept.incr()
    assert metrics.counter("service", "svc/a", "requests").value == 1


def test_pruning_the_root_forgets_everything():
    metrics = Metrics()
    metrics.counter("a")
    metrics.prune()
    assert names(metrics) == []


def test_walking_a_scope_tells_names_below_it():
    metrics = Metrics()
    metrics.counter("rt", "http", "a")
    metrics.stat("rt", "http", "b")
    metrics.gauge("rt", "http", "c", read=lambda: 0)
    kinds = {name: type(metric) for name, metric in metrics.scope("rt", "http").walk()}
    assert kinds == {("a",): Counter, ("b",): Stat, ("c",): Gauge}
    assert names(metrics.scope("nowhere")) == []


def test_a_stat_tells_the_recent_and_all_time_figures():
    stat = Stat()
    stat.add(10)
    stat.turn(whole=False)
    stat.add(20)
    assert (stat.recent.count, stat.recent.sum) == (2, 30)
    stat.turn(whole=False)
    assert (stat.recent.count, stat.recent.sum) == (1, 20)
    stat.turn(whole=False)
    assert stat.recent.count == 0
    assert (stat.count, stat.sum, stat.counts) == (2, 30, {10: 1, 20: 1})


def test_a_minute_holds_its_own_slices_only():
    stat = Stat()
    for minute in (1, 2):
        for _ in range(5):
            stat.add(minute)
            stat.turn(whole=False)
        stat.add(minute)
        stat.turn(whole=True)
        assert stat.summary is not None
        assert (stat.summary.count, stat.summary.max) == (6, minute)


class TestClaims:
    """Who uses a scope claims it; what several use outlives each of them."""

    def test_counts_go_on_until_the_last_claim_is_given_back(self):
        root = Metrics()
        first, second = root.scope("rt", "web").claim(), root.scope("rt", "web").claim()
        first.counter("requests").incr()
        first.close()
        second.counter("requests").incr()
        assert not first.last
        assert root.counter("rt", "web", "requests").value == 2
        second.close()
        assert second.last
        assert root.scope("rt", "web").node is None

    def test_gauges_made_through_a_claim_go_with_it(self):
        root = Metrics()
        first, second = root.scope("rt").claim(), root.scope("rt").claim()
        first.scope("pool").gauge("size", read=lambda: 3)
        second.scope("pool").gauge("size", read=lambda: 4)
        (_, gauge), *_ = root.walk()
        assert gauge.value == 7
        first.close()
        assert gauge.value == 4

    def test_a_gauge_may_be_closed_before_its_claim(self):
        claim = Metrics().scope("rt").claim()
        claim.gauge("size", read=lambda: 3).close()
        claim.close()

    def test_a_claim_is_given_back_once(self):
        root = Metrics()
        first, second = root.scope("rt").claim(), root.scope("rt").claim()
        first.close()
        first.close()
        second.counter("requests").incr()
        assert root.scope("rt").node is not None

    def test_a_claim_inside_another_may_outlive_it(self):
        root = Metrics()
        outer = root.scope("rt").claim()
        inner = outer.scope("client").claim()
        outer.close()
        again = root.scope("rt", "client").claim()
        inner.close()
        again.counter("requests").incr()
        assert root.scope("rt", "client").node is not None

    def test_what_a_recorder_shows_outlives_who_had_it_made(self):
        root = Metrics()

        class Recorder:
            def __init__(self, scope):
                scope.gauge("pending", read=lambda: 5)

            def settle(self):
                pass

        first, second = root.scope("rt").claim(), root.scope("rt").claim()
        made = first.recorder(Recorder)
        first.close()
        assert second.recorder(Recorder) is made
        assert dict(root.walk())[("rt", "pending")].value == 5
