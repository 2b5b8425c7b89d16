"""The backoffs that are built in."""

from itertools import islice, pairwise
from random import Random
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.policy.backoff import accrual_backoff, fail_fast_backoff

LOW = SimpleNamespace(uniform=lambda low, _high: low)
HIGH = SimpleNamespace(uniform=lambda _low, high: high)


@pytest.mark.parametrize(
    ("random", "waits"),
    [
        (LOW, [5, 5, 10, 20, 40, 80, 160, 300, 300, 300]),
        (HIGH, [5, 10, 20, 40, 80, 160, 300, 300, 300, 300]),
    ],
    ids=["least", "most"],
)
def test_accrual_waits_from_five_seconds_to_five_minutes(random, waits):
    assert list(islice(accrual_backoff(random), len(waits))) == waits


@given(st.integers())
def test_accrual_waits_never_get_shorter(seed):
    waits = list(islice(accrual_backoff(Random(seed)), 20))
    assert all(wait <= longer for wait, longer in pairwise(waits))
    assert waits[-1] == 300


def test_fail_fast_waits_up_to_twice_as_long_each_time_then_always_32_seconds():
    most = list(islice(fail_fast_backoff(HIGH), 20))
    assert most == [1, 2, 4, 8, 16, *[32] * 15]
    least = list(islice(fail_fast_backoff(LOW), 20))
    assert least == [1, *[0] * 15, *[32] * 4]
