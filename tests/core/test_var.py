"""Var: observing, starting and stopping, and the laws of values made of others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.core.closable import OnClose
from linkerpy.core.computed import computed
from linkerpy.core.var import (
    Async,
    Source,
    collect_vars,
    distinct_var,
    flat_map_var,
    map_var,
    put_off,
)


class Feed:
    """An asynchronous source that counts how often it is started and stopped."""

    def __init__(self, initial=0):
        self.started = self.stopped = 0
        self.update = None
        self.var = Async(initial, self._start)

    def _start(self, update):
        self.started += 1
        self.update = update
        return OnClose(self._stop)

    def _stop(self):
        self.stopped += 1


def record(var):
    seen = []
    return seen, var.observe(seen.append)


def test_an_observer_gets_the_present_value_and_each_update_until_it_leaves():
    source = Source(1)
    seen, handle = record(source)
    source.update(2)
    source.update(2)
    handle.close()
    handle.close()
    source.update(3)
    assert seen == [1, 2, 2]
    assert source.sample() == 3
    assert repr(source) == "<Source 3, 0 observers>"


def test_telling_stops_when_an_observer_sets_a_newer_value():
    source = Source(0)
    first, second = [], []

    def bump(value):
        first.append(value)
        if value == 1:
            source.update(2)

    source.observe(bump)
    source.observe(second.append)
    source.update(1)
    assert first == [0, 1, 2]
    assert second == [0, 2]


def test_an_observer_that_left_during_the_update_is_not_told():
    source = Source(0)
    seen = []
    handles = []
    source.observe(lambda v: v and handles[0].close())
    handles.append(source.observe(seen.append))
    source.update(1)
    assert seen == [0]


def test_an_async_source_runs_from_the_first_observer_to_the_last():
    feed = Feed()
    seen, one = record(feed.var)
    _, two = record(feed.var)
    feed.update(5)
    one.close()
    assert (feed.started, feed.stopped) == (1, 0)
    two.close()
    assert (feed.started, feed.stopped) == (1, 1)
    assert seen == [0, 5]


def test_an_async_source_starts_again_from_its_initial_value():
    feed = Feed(initial=7)
    _, handle = record(feed.var)
    stale = feed.update
    stale(8)
    handle.close()
    seen, _ = record(feed.var)
    stale(9)
    assert seen == [7]
    assert feed.started == 2


def test_sampling_an_unobserved_async_value_starts_and_stops_it():
    feed = Feed()
    assert feed.var.sample() == 0
    assert (feed.started, feed.stopped) == (1, 1)


def test_a_source_that_cannot_start_is_tried_again_by_the_next_observer():
    attempts = []

    def start(update):
        attempts.append(1)
        if len(attempts) == 1:
            raise OSError("no")
        update(4)
        return OnClose(lambda: None)

    var = Async(0, start)
    with pytest.raises(OSError, match="no"):
        var.sample()
    assert var.sample() == 4


def test_flat_map_observes_the_new_inner_before_it_drops_the_old():
    feed = Feed()
    outer = Source("a")
    _, handle = record(flat_map_var(outer, lambda _: feed.var))
    outer.update("b")
    assert (feed.started, feed.stopped) == (1, 0)
    handle.close()
    assert feed.stopped == 1


def test_flat_map_drops_a_stale_inner_before_it_can_speak():
    source = Source(0)
    both = flat_map_var(source, lambda outer: map_var(source, lambda inner: (outer, inner)))
    seen, _ = record(both)
    source.update(1)
    assert seen == [(0, 0), (1, 1)]


def test_flat_map_drops_a_stale_inner_even_if_the_outer_is_collected():
    source, other = Source(0), Source(0)
    outer = collect_vars([source, other])
    seen, _ = record(flat_map_var(outer, lambda o: map_var(source, lambda i: (o[0], i))))
    source.update(1)
    assert seen == [(0, 0), (1, 1)]


def test_flat_map_survives_an_outer_change_while_it_subscribes():
    outer = Source(0)

    def inner(value):
        if value == 1:
            outer.update(2)
        return Source(value)

    seen, _ = record(flat_map_var(outer, inner))
    outer.update(1)
    assert seen == [0, 2]


def test_collect_changes_once_for_a_change_that_reaches_several_parts():
    source = Source(1)
    seen, handle = record(collect_vars([source, map_var(source, lambda v: v * 10)]))
    source.update(2)
    handle.close()
    source.update(3)
    assert seen == [[1, 10], [2, 20]]


def test_an_observation_closed_during_the_change_is_silent():
    source = Source(0)
    for make in (
        lambda: collect_vars([source]),
        lambda: flat_map_var(source, Source),
        lambda: computed(lambda read: read(0, lambda: source)),
    ):
        seen, handle = record(make())
        closer = source.observe(lambda v, h=handle: v and h.close(), (9,))
        source.update(1)
        closer.close()
        source.update(0)
        assert len(seen) == 1


def test_distinct_drops_repeated_values():
    source = Source(1)
    seen, _ = record(distinct_var(source))
    for value in (1, 2, 2, 1):
        source.update(value)
    assert seen == [1, 2, 1]


def test_put_off_runs_once_at_the_end_of_the_change_or_now():
    log = []

    def action():
        log.append("action")

    source = Source(0)

    def observer(value):
        if value:
            put_off(action)
            put_off(action)
            log.append("told")

    source.observe(observer)
    source.update(1)
    assert log == ["told", "action"]
    put_off(action)
    assert log == ["told", "action", "action"]


def test_an_observer_that_raises_does_not_keep_what_was_put_off_from_happening():
    source, log = Source(0), []

    def broken(text):
        def action():
            raise ValueError(text)

        return action

    def observer(value):
        if value:
            for action in (broken("one"), broken("two"), lambda: log.append("done")):
                put_off(action)
            raise KeyError("observer")

    source.observe(observer)
    with pytest.raises(ValueError, match="one") as caught:
        source.update(1)
    assert isinstance(caught.value.__context__, KeyError)
    assert log == ["done"]
    put_off(lambda: log.append("at once"))
    assert log == ["done", "at once"]


def test_a_hundred_nested_flat_maps_pass_a_change_at_the_far_end():
    source = Source(0)
    var = source
    for _ in range(100):
        var = flat_map_var(Source(0), lambda _, inner=var: inner)
    seen, _ = record(var)
    source.update(1)
    assert seen == [0, 1]


# An expression over three sources, with the function that computes it from their values.
leaves = st.integers(0, 2).map(
    lambda i: (lambda sources: sources[i], lambda values: values[i], f"s{i}")
)


def _mapped(part):
    var, value, text = part
    return (
        lambda s: map_var(var(s), lambda v: ("m", v)),
        lambda v: ("m", value(v)),
        f"map({text})",
    )


def _collected(parts):
    return (
        lambda s: collect_vars([var(s) for var, _, _ in parts]),
        lambda v: [value(v) for _, value, _ in parts],
        f"collect({', '.join(t for _, _, t in parts)})",
    )


def _chosen(parts):
    (outer, outer_value, a), (left, left_value, b), (right, right_value, c) = parts

    def odd(value):
        return sum(str(value).encode()) % 2

    return (
        lambda s: flat_map_var(
            outer(s), lambda o: map_var((left, right)[odd(o)](s), lambda i: (o, i))
        ),
        lambda v: (outer_value(v), (left_value, right_value)[odd(outer_value(v))](v)),
        f"choose({a}, {b}, {c})",
    )


def _computed(parts):
    return (
        lambda s: computed(
            lambda read: [read(i, lambda p=p: p[0](s)) for i, p in enumerate(parts)]
        ),
        lambda v: [value(v) for _, value, _ in parts],
        f"computed({', '.join(t for _, _, t in parts)})",
    )


expressions = st.recursive(
    leaves,
    lambda e: (
        e.map(_mapped)
        | st.lists(e, min_size=1, max_size=3).map(_collected)
        | st.lists(e, min_size=1, max_size=3).map(_computed)
        | st.tuples(e, e, e).map(_chosen)
    ),
    max_leaves=8,
)


@given(expressions, st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9)), max_size=6))
def test_every_value_told_is_consistent_and_told_once_per_change(expression, updates):
    make, value, _ = expression
    sources = [Source(0), Source(0), Source(0)]
    seen, handle = record(make(sources))
    assert seen == [value([0, 0, 0])]
    for index, new in updates:
        seen.clear()
        before = [source.sample() for source in sources]
        sources[index].update(new)
        after = [source.sample() for source in sources]
        assert seen in ([], [value(after)])
        assert seen or value(before) == value(after)
    handle.close()
    assert all(not source._observers for source in sources)


@given(st.lists(st.booleans(), max_size=20))
def test_a_source_is_open_exactly_while_it_is_observed(steps):
    feed = Feed()
    handles = []
    for opening in steps:
        if opening:
            handles.append(feed.var.observe(lambda _: None))
        elif handles:
            handles.pop().close()
        assert feed.started - feed.stopped == (1 if handles else 0)
