import gc
import os
import threading

from twisted.internet.selectreactor import SelectReactor
from twisted.internet.task import Clock

from linkerpy.telemetry.metrics import Gauge, Metrics
from linkerpy.telemetry.process import watch_process
from tests.support.reactors import end_reactor


def gauges(metrics):
    return {
        "/".join(name): metric.value
        for name, metric in metrics.walk()
        if isinstance(metric, Gauge) and metric.live
    }


def test_the_process_is_told_under_linkerds_names():
    metrics = Metrics()
    watching = watch_process(metrics, Clock())
    figures = gauges(metrics)
    watching.close()
    assert figures["jvm/num_cpus"] == os.cpu_count()
    assert figures["jvm/thread/count"] >= 1
    assert figures["jvm/fd_limit"] >= figures["jvm/fd_count"] > 2
    assert figures["jvm/heap/committed"] > figures["jvm/mem/current/used"] > 1 << 20
    assert abs(figures["process/rss_bytes"] - figures["jvm/heap/used"]) < 1 << 24
    assert figures["process/cpu_user_ms"] > 0
    assert gauges(metrics) == {}


def test_uptime_follows_the_clock():
    metrics, clock = Metrics(), Clock()
    watch_process(metrics, clock)
    clock.advance(2.5)
    assert gauges(metrics)["jvm/uptime"] == 2500


def test_threads_are_counted_with_their_peak():
    metrics = Metrics()
    watch_process(metrics, Clock())
    before = gauges(metrics)["jvm/thread/count"]
    leave = threading.Event()
    thread = threading.Thread(target=leave.wait, daemon=True)
    daemons = gauges(metrics)["jvm/thread/daemon_count"]
    thread.start()
    during = gauges(metrics)
    leave.set()
    thread.join()
    after = gauges(metrics)
    assert during["jvm/thread/count"] == before + 1
    assert during["jvm/thread/daemon_count"] == daemons + 1
    assert (after["jvm/thread/count"], after["jvm/thread/peak_count"]) == (before, before + 1)


def test_garbage_collections_are_counted_and_timed_until_closed():
    metrics = Metrics()
    callbacks = list(gc.callbacks)
    watching = watch_process(metrics, Clock())
    before = gauges(metrics)
    gc.collect()
    after = gauges(metrics)
    assert after["jvm/gc/gen2/cycles"] > before["jvm/gc/gen2/cycles"]
    assert after["jvm/gc/gen2/msec"] > before["jvm/gc/gen2/msec"]
    parts = [after[f"jvm/gc/gen{generation}/msec"] for generation in range(3)]
    assert after["jvm/gc/msec"] == sum(parts)
    watching.close()
    assert gc.callbacks == callbacks


def test_a_late_event_loop_shows_in_the_lag():
    metrics, clock = Metrics(), Clock()
    watching = watch_process(metrics, clock)
    clock.advance(0.5)
    clock.advance(0.75)
    lag = metrics.stat("process", "reactor_lag_ms").recent
    assert (lag.count, lag.min, lag.sum) == (2, 0, 250)
    watching.close()
    assert clock.getDelayedCalls() == []


def test_a_reactor_says_what_it_is_busy_with():
    metrics, reactor = Metrics(), SelectReactor()
    calls = len(reactor.getDelayedCalls())
    watching = watch_process(metrics, reactor)
    assert gauges(metrics)["process/reactor_delayed_calls"] == calls + 1
    assert gauges(metrics)["process/reactor_readers"] == len(reactor.getReaders())
    watching.close()
    end_reactor(reactor)
