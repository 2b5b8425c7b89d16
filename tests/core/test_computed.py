"""Computed values: what is observed, when a run is repeated, how it ends."""

import pytest

from linkerpy.core.activity import Failed, Ok
from linkerpy.core.closable import OnClose
from linkerpy.core.computed import computed, computed_activity
from linkerpy.core.var import Async, Source, map_var


class Counted:
    """A source that knows how many observe it."""

    def __init__(self, value):
        self.source = Source(value)
        self.open = 0
        self.var = Async(value, self._start)

    def _start(self, update):
        self.open += 1
        handle = self.source.observe(update)

        def stop():
            self.open -= 1
            handle.close()

        return OnClose(stop)


def test_what_is_not_read_any_more_is_let_go_of():
    which, parts = Source("a"), {"a": Counted(1), "b": Counted(2)}
    seen = []

    def choose(read):
        name = read("which", lambda: which)
        return read(name, lambda: parts[name].var)

    handle = computed(choose).observe(seen.append)
    assert (parts["a"].open, parts["b"].open) == (1, 0)
    which.update("b")
    assert (parts["a"].open, parts["b"].open) == (0, 1)
    parts["a"].source.update(9)
    handle.close()
    handle.close()
    assert (parts["a"].open, parts["b"].open) == (0, 0)
    assert seen == [1, 2]


def test_a_var_is_made_once_for_as_long_as_it_is_read():
    made = []
    tick = Source(0)

    def fn(read):
        def make():
            made.append(1)
            return tick

        return read("tick", make) + read("tick", make)

    seen = []
    computed(fn).observe(seen.append)
    tick.update(1)
    assert seen == [0, 2]
    assert made == [1]


def test_one_run_for_a_change_that_reaches_several_inputs():
    source, runs = Source(0), []

    def fn(read):
        runs.append(1)
        doubled = read("doubled", lambda: map_var(source, lambda v: 2 * v))
        return read("source", lambda: source), doubled

    seen = []
    computed(fn).observe(seen.append)
    source.update(3)
    assert seen == [(0, 0), (3, 6)]
    assert len(runs) == 2


def test_a_run_is_repeated_when_opening_one_input_changes_another():
    first = Source(0)

    def start(update):
        first.update(1)
        return OnClose(lambda: None)

    def fn(read):
        value = read("first", lambda: first)
        read("second", lambda: Async(None, start))
        return value

    seen = []
    computed(fn).observe(seen.append)
    assert seen == [1]


def test_an_error_in_a_run_lets_go_of_what_it_had_read():
    part = Counted(1)

    def fn(read):
        read("part", lambda: part.var)
        raise ZeroDivisionError("no")

    with pytest.raises(ZeroDivisionError):
        computed(fn).sample()
    assert part.open == 0


def test_an_error_in_an_activitys_run_is_its_state():
    source = Source(0)
    activity = computed_activity(lambda read: Ok(1 // read("s", lambda: source)))
    states = []
    activity.observe(states.append)
    source.update(1)
    assert isinstance(states[0], Failed)
    assert states[1] == Ok(1)


def test_closing_while_told_stops_everything():
    source = Source(0)
    handles, seen = [], []

    def observer(value):
        seen.append(value)
        if value == 1:
            handles[0].close()

    handles.append(computed(lambda read: read("s", lambda: source)).observe(observer))
    for value in (1, 2):
        source.update(value)
    assert seen == [0, 1]
