"""What every rule of failure accrual keeps to, whatever the outcomes."""

from itertools import chain, repeat
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.policy.accrual import (
    ALIVE,
    DEAD,
    PROBING,
    Accrual,
    AccrualRule,
    ConsecutiveFailures,
    SuccessRate,
    SuccessRateWindowed,
    default_rule,
)
from linkerpy.policy.balance import BUSY, OPEN
from tests.policy.watchers import Seen


class Time:
    def __init__(self):
        self.now = 0.0

    def seconds(self):
        return self.now


def after(failures, *waits):
    """A rule: dead after so many failures in a row, for these waits."""
    return AccrualRule(lambda _now: ConsecutiveFailures(failures), lambda: iter(waits))


def one_endpoint(rule):
    time, seen = Time(), Seen()
    return Accrual(rule, time.seconds, seen), time, seen


def test_what_happens_is_told():
    accrual, time, seen = one_endpoint(after(2, 5.0, 7.0))
    for now, outcome in ((0, accrual.failed), (1, accrual.failed), (6, accrual.failed)):
        time.now = now
        accrual.acquired()
        outcome()
    time.now = 13
    accrual.acquired()
    accrual.succeeded()
    assert seen.events == [
        ("removed", 5.0),
        "probed",
        ("kept out", 7.0),
        "probed",
        "revived",
    ]


def test_a_backoff_that_ends_is_followed_by_five_minutes_for_ever():
    accrual, time, seen = one_endpoint(after(1, 1.0))
    for _ in range(4):
        accrual.acquired()
        accrual.failed()
        time.now += 300
    waits = [event[1] for event in seen.events if event != "probed"]
    assert waits == [1.0, 300.0, 300.0, 300.0]


def test_the_backoff_begins_anew_after_a_revival():
    accrual, time, seen = one_endpoint(after(1, 1.0, 2.0, 3.0))
    for outcome in (accrual.failed, accrual.failed, accrual.succeeded, accrual.failed):
        accrual.acquired()
        outcome()
        time.now += 10
    assert [event[1] for event in seen.events if event[0] == "removed"] == [1.0, 1.0]


def test_endpoints_of_one_rule_do_not_share_their_counts():
    rule = after(2, 5.0)
    first, second = (one_endpoint(rule)[0] for _ in range(2))
    first.failed()
    second.failed()
    assert (first.state, second.state) == (ALIVE, ALIVE)


def test_a_share_of_successes_is_a_moving_average():
    policy = SuccessRate(0.5, 10)
    for _ in range(20):
        policy.succeeded(0)
    assert [policy.failed(0) for _ in range(8)] == [False] * 6 + [True, True]  # e^-0.6, e^-0.7


def test_a_share_over_time_weighs_each_request_by_the_time_before_it():
    policy = SuccessRateWindowed(0.5, 10.0, 0.0)
    for _ in range(5):
        policy.succeeded(100.0)
    assert not policy.failed(100.0)
    assert not policy.failed(103.0)
    assert not policy.failed(106.9)
    assert policy.failed(107.0)  # e^-0.7 is just less than a half


POLICIES = st.one_of(
    st.integers(1, 5).map(lambda n: lambda _now: ConsecutiveFailures(n)),
    st.tuples(st.floats(0, 1), st.integers(1, 5)).map(lambda a: lambda _now: SuccessRate(*a)),
    st.tuples(st.floats(0, 1), st.floats(0.1, 20)).map(
        lambda a: lambda now: SuccessRateWindowed(*a, now)
    ),
)
STEPS = st.lists(
    st.one_of(st.sampled_from(["ok", "fail", "probe ok", "probe fail"]), st.floats(0, 400)),
    max_size=200,
)


@given(POLICIES, STEPS, st.integers(0, 1000))
def test_nobody_stays_dead_and_each_wait_is_followed_by_exactly_one_probe(policy, steps, seed):
    rule = AccrualRule(policy, default_rule(Random(seed)).waits)
    accrual, time, seen = one_endpoint(rule)
    for step in steps:
        if isinstance(step, float):
            time.now += step
        elif step.startswith("probe"):
            open_for_probe = accrual.state == DEAD and accrual.status == OPEN
            probes = seen.events.count("probed")
            for _ in range(3):  # as many as like to: one is the probe
                accrual.acquired()
            assert seen.events.count("probed") == probes + open_for_probe
            assert not open_for_probe or (accrual.state, accrual.status) == (PROBING, BUSY)
        if step in ("ok", "probe ok"):
            accrual.succeeded()
        elif step in ("fail", "probe fail"):
            accrual.failed()
        assert accrual.status == OPEN or accrual.state != ALIVE
    time.now += 300
    if accrual.state == DEAD:
        assert accrual.status == OPEN
        accrual.acquired()
    accrual.succeeded()
    assert (accrual.state, accrual.status) == (ALIVE, OPEN)
    check_order(seen.events)


def check_order(events):
    """Removals and revivals take turns, and each wait is followed by one probe at most."""
    names = [event if isinstance(event, str) else event[0] for event in events]
    allowed = {
        "removed": {"probed"},
        "probed": {"kept out", "revived"},
        "kept out": {"probed"},
        "revived": {"removed"},
    }
    expected = {"removed"}
    for name in names:
        assert name in expected
        expected = allowed[name]
    waits = [event[1] for event in events if not isinstance(event, str)]
    assert all(5 <= wait <= 300 for wait in waits)


@pytest.mark.parametrize("failures", [1, 2, 5])
def test_endless_failures_give_waits_that_never_get_shorter(failures):
    accrual, time, seen = one_endpoint(
        AccrualRule(lambda _now: ConsecutiveFailures(failures), default_rule(Random(3)).waits)
    )
    for count in range(1, failures + 40):
        accrual.acquired()
        accrual.failed()
        assert (accrual.state == ALIVE) == (count < failures)
        time.now += 300
    waits = [event[1] for event in seen.events if event != "probed"]
    assert waits == sorted(waits)
    assert waits[0] == 5.0
    assert waits[-1] == 300.0


def test_a_constant_series_is_enough_for_a_rule():
    rule = AccrualRule(lambda _now: ConsecutiveFailures(1), lambda: chain([0.0], repeat(1.0)))
    accrual, _, _ = one_endpoint(rule)
    accrual.failed()
    assert accrual.status == OPEN  # no wait at all
