"""The four binding caches' rules (naming spec 5.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from linkerpy.router.cache import IdleCache
from linkerpy.telemetry.metrics import Metrics


class Cache:
    """A cache of strings that records what it built and closed."""

    def __init__(self, size=2, ttl=60.0):
        self.clock, self.metrics = Clock(), Metrics()
        self.built, self.closed = [], []
        self.cache = IdleCache(
            size, ttl, self.clock, self.build, self.closed.append, self.metrics.scope("c")
        )

    def build(self, key):
        self.built.append(key)
        return f"value {key}"

    def open(self, key):
        entry = self.cache.get(key)
        entry.busy += 1
        return entry

    def count(self, name):
        return self.metrics.counter("c", name).value


def test_a_hit_is_not_built_again():
    cache = Cache()
    first = cache.open(1)
    assert cache.open(1) is first
    assert (cache.built, cache.count("misses")) == ([1], 1)


def test_a_full_cache_of_busy_entries_builds_a_one_shot_closed_after_its_use():
    cache = Cache(size=2)
    cache.open(1), cache.open(2)
    third = cache.open(3)
    assert (third.open, cache.count("oneshots")) == (False, 1)
    third.release()
    assert cache.closed == ["value 3"]
    assert len(cache.cache) == 2


def test_a_full_cache_evicts_the_entry_idle_longest():
    cache = Cache(size=2)
    one, two = cache.open(1), cache.open(2)
    two.release()
    cache.clock.advance(1)
    one.release()
    cache.open(3)
    assert cache.closed == ["value 2"]
    assert cache.count("evicts") == 1


def test_the_sweep_closes_what_was_idle_longer_than_the_ttl():
    cache = Cache(size=3, ttl=60)
    entries = [cache.open(key) for key in (1, 2, 3)]
    for entry in entries:
        entry.release()
    cache.clock.advance(30)
    for key in (1, 2):
        cache.open(key).release()
    cache.clock.advance(60)
    cache.cache.sweep()
    assert cache.closed == ["value 3"]
    assert cache.count("expires") == 1


def test_the_sweep_never_empties_the_cache():
    cache = Cache(size=3, ttl=60)
    for key in (1, 2, 3):
        cache.open(key).release()
        cache.clock.advance(1)
    cache.clock.advance(100)
    cache.cache.sweep()
    assert cache.closed == ["value 1", "value 2"]
    assert cache.cache.peek(3) is not None


def test_a_busy_entry_is_never_swept():
    cache = Cache(ttl=1)
    cache.open(1)
    cache.open(2).release()
    cache.clock.advance(10)
    cache.cache.sweep()
    assert cache.closed == ["value 2"]


def test_close_waits_for_holders():
    cache = Cache()
    one, two = cache.open(1), cache.open(2)
    two.release()
    cache.cache.close()
    assert cache.closed == ["value 2"]
    assert not one.open
    one.release()
    assert cache.closed == ["value 2", "value 1"]


@given(st.integers(1, 4), st.lists(st.tuples(st.integers(0, 6), st.booleans()), max_size=40))
def test_never_more_than_its_size_and_every_value_closed_once(size, uses):
    cache = Cache(size=size)
    held = []
    for key, keep in uses:
        cache.clock.advance(1)
        entry = cache.open(key)
        if keep:
            held.append(entry)
        else:
            entry.release()
        assert len(cache.cache) <= size
    cache.cache.close()
    for entry in held:
        entry.release()
    assert len(cache.closed) == len(cache.built)
    with pytest.raises(StopIteration):
        next(iter(cache.cache))
