import json

from hypothesis import given
from hypothesis import strategies as st

from linkerpy.telemetry.merging import Merged, Telling, rule_of
from linkerpy.telemetry.metrics import Counter, Gauge, Metrics, Stat

PROCESSES = 3
SAMPLES = st.integers(min_value=-5, max_value=2**31)
EVENTS = st.lists(st.tuples(st.integers(0, PROCESSES - 1), SAMPLES, st.booleans()), max_size=60)


class Workers:
    """Some processes and what they come to together; their news travel as JSON."""

    def __init__(self, count=PROCESSES):
        self.each = [Metrics() for _ in range(count)]
        self.telling = [Telling(metrics) for metrics in self.each]
        self.metrics = Metrics()
        self.merged = Merged(self.metrics)

    def tell(self, *numbers):
        for number in numbers or range(len(self.each)):
            self.merged.fold(number, json.loads(json.dumps(self.telling[number].news())))

    def replace(self, number):
        self.merged.end(number)
        self.each[number] = Metrics()
        self.telling[number] = Telling(self.each[number])

    def found(self):
        return dict(self.metrics.walk())


@given(EVENTS)
def test_a_merged_stat_is_the_stat_of_all_samples(events):
    workers, alone = Workers(), Stat()
    for number, sample, told in events:
        workers.each[number].stat("rt", "latency").add(sample)
        alone.add(sample)
        if told:
            workers.tell(number)
    workers.tell()
    if not events:
        assert not workers.found()
        return
    stat = workers.found()["rt", "latency"]
    assert (stat.counts, stat.sum, stat.count) == (alone.counts, alone.sum, alone.count)
    assert stat.recent == alone.recent
    stat.turn(whole=True)
    alone.turn(whole=True)
    assert stat.summary == alone.summary


@given(EVENTS)
def test_a_merged_counter_is_exact_however_often_it_is_told(events):
    workers, total = Workers(), 0
    for number, amount, told in events:
        workers.each[number].counter("requests").incr(abs(amount))
        total += abs(amount)
        if told:
            workers.tell(number)
    workers.tell()
    assert sum(c.value for c in workers.found().values()) == total


@given(st.lists(st.integers(0, 9), min_size=1, max_size=8))
def test_counters_never_go_back_when_processes_are_replaced(amounts):
    workers, total = Workers(1), 0
    for amount in amounts:
        workers.each[0].counter("requests").incr(amount)
        total += amount
        workers.tell()
        assert workers.found()["requests",].value == total
        workers.replace(0)
        assert workers.found()["requests",].value == total


def test_a_counter_of_zero_is_there():
    workers = Workers()
    workers.each[0].counter("failures")
    workers.tell()
    assert isinstance(workers.found()["failures",], Counter)


def test_gauges_add_up_and_end_with_their_process():
    workers = Workers(2)
    for value, metrics in enumerate(workers.each, 1):
        metrics.gauge("connections", read=lambda value=value: value)
    workers.tell()
    assert workers.found()["connections",].value == 3
    workers.merged.end(1)
    assert workers.found()["connections",].value == 1
    workers.merged.end(0)
    assert ("connections",) not in workers.found()


def test_gauges_that_tell_of_the_same_thing_are_not_added():
    names = ("rt", "http", "client", "web", "loadbalancer")
    workers = Workers(2)
    for available, metrics in enumerate(workers.each, 2):
        metrics.scope(*names).gauge("size", read=lambda: 3)
        metrics.scope(*names).gauge("available", read=lambda available=available: available)
        metrics.scope(*names, "algorithm").gauge("p2c_least_loaded", read=lambda: 1)
    workers.tell()
    values = {where[-1]: gauge.value for where, gauge in workers.found().items()}
    assert values == {"size": 3, "available": 2, "p2c_least_loaded": 1}
    assert rule_of(("namerd", "bindcache.size")) is sum


def test_a_gauge_whose_reader_left_is_gone_and_may_come_again():
    workers = Workers(1)
    handle = workers.each[0].gauge("pending", read=lambda: 1)
    workers.tell()
    handle.close()
    workers.tell()
    assert not workers.found()
    workers.each[0].gauge("pending", read=lambda: 2)
    workers.tell()
    assert workers.found()["pending",].value == 2


def test_what_all_processes_have_forgotten_is_forgotten():
    workers = Workers(2)
    for metrics in workers.each:
        metrics.scope("service", "a").counter("requests").incr()
        metrics.scope("service", "b").counter("requests").incr()
    workers.tell()
    workers.each[0].scope("service", "a").prune()
    workers.tell()
    assert workers.found()["service", "a", "requests"].value == 2
    workers.each[1].scope("service", "a").prune()
    workers.tell()
    assert list(workers.found()) == [("service", "b", "requests")]
    assert list(workers.metrics.root.children["service"].children) == ["b"]


def test_a_name_that_went_and_came_between_two_tellings_counts_on():
    workers = Workers(1)
    workers.each[0].scope("a").counter("requests").incr(5)
    workers.tell()
    workers.each[0].scope("a").prune()
    workers.each[0].scope("a").counter("requests").incr(2)
    workers.tell()
    assert workers.found()["a", "requests"].value == 7


def test_a_node_of_the_tree_stays_the_same_object_for_exporters_that_remember_it():
    workers = Workers(2)
    for metrics in workers.each:
        metrics.counter("requests").incr()
        metrics.stat("latency").add(3)
    workers.tell()
    before = workers.found()
    for metrics in workers.each:
        metrics.counter("requests").incr()
        metrics.stat("latency").add(4)
    workers.tell()
    assert all(workers.found()[names] is metric for names, metric in before.items())


def test_only_what_changed_is_told():
    metrics = Metrics()
    telling = Telling(metrics)
    metrics.counter("a").incr()
    metrics.gauge("b", read=lambda: 1)
    metrics.stat("c").add(1)
    telling.news()
    assert telling.news() == {"counters": [], "gauges": [], "stats": [], "gone": []}


def test_a_reader_of_the_merging_process_itself_outlives_the_others():
    workers = Workers(1)
    own = workers.metrics.gauge("queued", read=lambda: 5)
    workers.each[0].gauge("queued", read=lambda: 1)
    workers.tell()
    workers.merged.end(0)
    gauge = workers.found()["queued",]
    assert isinstance(gauge, Gauge)
    assert gauge.value == 5
    own.close()
