from twisted.internet.task import Clock

from linkerpy.telemetry.metrics import Metrics
from linkerpy.telemetry.snapshots import Snapshots


def test_the_summary_is_of_the_last_whole_minute_and_changes_once_a_minute():
    metrics, clock = Metrics(), Clock()
    stat = metrics.stat("rt", "latency")
    Snapshots(metrics, clock)
    stat.add(1)
    clock.pump([10.0] * 5)
    assert stat.summary is None
    clock.pump([9.0, 1.0])
    assert stat.summary.figures()["p50"] == 1
    stat.add(2)
    clock.advance(10)
    assert stat.summary.figures()["count"] == 1
    clock.pump([10.0] * 5)
    assert stat.summary.figures() | {"p50": 2, "sum": 2} == stat.summary.figures()
    clock.pump([10.0] * 6)
    assert stat.summary.figures() == {"count": 0}


def test_a_stat_made_later_is_turned_too():
    metrics, clock = Metrics(), Clock()
    Snapshots(metrics, clock)
    clock.pump([10.0] * 3)
    metrics.stat("late").add(3)
    clock.pump([10.0] * 3)
    assert metrics.stat("late").summary.count == 1


def test_closed_it_leaves_no_timer():
    clock = Clock()
    snapshots = Snapshots(Metrics(), clock)
    clock.advance(10)
    snapshots.close()
    snapshots.close()
    assert clock.getDelayedCalls() == []
