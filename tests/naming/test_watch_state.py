"""WatchState: what state pages show."""

from datetime import UTC, datetime, timedelta

from linkerpy.core.var import Source
from linkerpy.naming.watch_state import WatchState, utc_now


def test_a_snapshot_follows_the_watch():
    times = (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC) + timedelta(seconds=n) for n in range(99))
    state = WatchState("first", lambda: next(times))
    assert state.snapshot() == {"running": False, "value": "first"}
    source = Source("second")
    watched = state.watch(source)
    seen = []
    one, two = watched.observe(seen.append), watched.observe(lambda _: None)
    source.update("third")
    assert seen == ["second", "third"]
    assert state.snapshot(str.upper) == {
        "running": True,
        "lastStartedAt": "2026-01-02 03:04:05 +0000",
        "lastUpdatedAt": "2026-01-02 03:04:09 +0000",
        "value": "THIRD",
    }
    one.close()
    assert state.snapshot()["running"]
    two.close()
    last = state.snapshot()
    assert last["lastStoppedAt"] == "2026-01-02 03:04:10 +0000"
    assert (last["running"], last["value"]) == (False, "third")


def test_the_time_of_day_is_utc():
    assert utc_now().tzinfo is UTC
