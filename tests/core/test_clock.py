"""The timer wheel, on a clock advanced by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from linkerpy.core.clock import TimerWheel


def test_a_timeout_fires_within_one_tick_after_it_is_due_and_never_before():
    clock, fired = Clock(), []
    TimerWheel(clock, tick=0.01).after(1.0, lambda: fired.append(clock.seconds()))
    clock.advance(0.999)
    assert fired == []
    clock.pump([0.001] * 12)
    assert len(fired) == 1
    assert 1.0 <= fired[0] <= 1.011


def test_a_closed_timeout_does_not_fire():
    clock, fired = Clock(), []
    TimerWheel(clock).after(1.0, lambda: fired.append(1)).close()
    clock.advance(2)
    assert fired == []


def test_an_idle_wheel_has_no_reactor_timer():
    clock = Clock()
    wheel = TimerWheel(clock)
    wheel.after(1.0, lambda: None)
    wheel.after(0.5, lambda: None)
    assert len(clock.getDelayedCalls()) == 1
    clock.pump([0.25] * 6)
    assert clock.getDelayedCalls() == []


@pytest.mark.parametrize("delay", [0, -1, float("inf")])
def test_a_delay_that_is_no_delay_never_fires(delay):
    clock = Clock()
    TimerWheel(clock).after(delay, lambda: pytest.fail("fired")).close()
    assert clock.getDelayedCalls() == []


def test_one_failing_call_does_not_cost_the_others():
    clock, fired = Clock(), []

    def fail():
        raise ValueError("mine")

    wheel = TimerWheel(clock)
    wheel.after(1.0, fail)
    wheel.after(1.0, lambda: fired.append(1))
    with pytest.raises(ValueError, match="mine"):
        clock.advance(1.5)
    assert fired == [1]


def test_a_timeout_may_be_armed_while_another_fires():
    clock, fired = Clock(), []
    wheel = TimerWheel(clock)
    wheel.after(1.0, lambda: wheel.after(1.0, lambda: fired.append(clock.seconds())))
    clock.pump([0.1] * 25)
    assert len(fired) == 1


@given(
    st.lists(
        st.tuples(st.sampled_from([0.1, 0.5, 2.0, 10.0]), st.floats(0, 3), st.booleans()),
        max_size=40,
    )
)
def test_every_timeout_fires_once_unless_closed(plan):
    clock, fired, expected = Clock(), [], []
    wheel = TimerWheel(clock)
    for index, (delay, pause, closed) in enumerate(plan):
        timer = wheel.after(delay, lambda index=index: fired.append(index))
        if closed:
            timer.close()
        else:
            expected.append(index)
        clock.advance(pause)
    clock.pump([0.5] * 30)
    assert sorted(fired) == expected
    assert clock.getDelayedCalls() == []
