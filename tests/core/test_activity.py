"""Activity: states through map and flat_map, waiting, and the laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.core.activity import PENDING, Activity, Failed, Ok, Pending, collect
from linkerpy.core.closable import OnClose
from linkerpy.core.var import Async, Source


def boom(text="boom"):
    return Failed(ValueError(text))


def source(state=PENDING):
    var = Source(state)
    return var, Activity(var)


def record(activity):
    seen = []
    return seen, activity.observe(seen.append)


states = st.sampled_from([PENDING, boom(), boom("other"), Ok(0), Ok(1), Ok(2)])


def test_constants():
    error = ValueError("x")
    assert Activity.value(1).sample() == Ok(1)
    assert Activity.pending().sample() == Pending()
    assert Activity.failed(error).sample().error is error


def test_failures_with_the_same_text_are_equal():
    assert boom() == boom()
    assert hash(boom()) == hash(boom())
    assert boom() != boom("other")
    assert boom() != Failed(KeyError("boom"))
    assert boom() != "boom"


@given(states)
def test_map_changes_values_and_passes_the_rest_through(state):
    _, activity = source(state)
    expected = Ok(state.value + 1) if isinstance(state, Ok) else state
    assert activity.map(lambda v: v + 1).sample() == expected


@given(states, st.lists(states, min_size=3, max_size=3))
def test_flat_map_follows_values_and_passes_the_rest_through(outer, inners):
    _, activity = source(outer)
    expected = inners[outer.value] if isinstance(outer, Ok) else outer
    assert activity.flat_map(lambda v: source(inners[v])[1]).sample() == expected


@given(st.lists(states, min_size=1))
def test_map_is_flat_map_to_a_constant(changes):
    var, activity = source(changes[0])
    mapped, _ = record(activity.map(lambda v: v * 2))
    flat, _ = record(activity.flat_map(lambda v: Activity.value(v * 2)))
    for state in changes[1:]:
        var.update(state)
    assert mapped == flat


@pytest.mark.parametrize("method", ["map", "flat_map"])
def test_an_exception_in_the_function_is_a_failed_state(method):
    def fn(value):
        raise KeyError(value)

    state = getattr(Activity.value("k"), method)(fn).sample()
    assert isinstance(state, Failed)
    assert isinstance(state.error, KeyError)


@given(st.lists(states, min_size=1))
def test_dedup_tells_what_differs_from_the_last(changes):
    var, activity = source(changes[0])
    seen, _ = record(activity.dedup())
    for state in changes[1:]:
        var.update(state)
    expected = [s for i, s in enumerate(changes) if i == 0 or s != changes[i - 1]]
    assert seen == expected


@given(st.lists(states, min_size=1))
def test_stabilize_repeats_the_last_value_once_there_was_one(changes):
    var, activity = source(changes[0])
    seen, _ = record(activity.stabilize())
    for state in changes[1:]:
        var.update(state)
    for index, state in enumerate(seen):
        good = [s for s in changes[: index + 1] if isinstance(s, Ok)]
        assert state == (good[-1] if good else changes[index])


def test_collect_gives_all_states_at_once():
    one, first = source()
    _, second = source(Ok(2))
    seen, _ = record(collect([first, second, first.map(str)]))
    one.update(Ok(1))
    assert seen == [Ok([PENDING, Ok(2), PENDING]), Ok([Ok(1), Ok(2), Ok("1")])]


# -- waiting for the first


class Watched:
    """An activity that knows whether it is observed."""

    def __init__(self, *states):
        self.open = 0
        self.update = None
        self.initial = states
        self.activity = Activity(Async(PENDING, self._start))

    def _start(self, update):
        self.open += 1
        self.update = update
        for state in self.initial:
            update(state)

        def stop():
            self.open -= 1

        return OnClose(stop)


@pytest.mark.parametrize("state", [Ok(1), boom()])
def test_first_waits_for_a_state_that_is_not_pending_and_stops_there(state):
    watched, told = Watched(), []
    watched.activity.first(told.append)
    watched.update(PENDING)
    assert told == []
    watched.update(state)
    watched.update(Ok(2))
    assert told == [state]
    assert watched.open == 0


def test_first_of_what_is_known_is_told_at_once():
    watched, told = Watched(Ok(1)), []
    watched.activity.first(told.append).close()
    assert told == [Ok(1)]
    assert watched.open == 0


def test_giving_up_waiting_stops_the_source():
    watched, told = Watched(), []
    watched.activity.first(told.append).close()
    assert watched.open == 0
    assert told == []
