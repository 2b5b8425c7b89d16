"""Overload: how many requests are dropped once backends refuse most of them."""

from random import Random

import pytest

from linkerpy.policy.overload import MOST_DROPPED, Overload


class Time:
    now = 1000.0

    def __call__(self):
        return self.now


def over(seconds, per_second, outcome, overload, time):
    """So many answers, evenly."""
    for _ in range(int(seconds * per_second)):
        time.now += 1 / per_second
        if outcome:
            overload.accepted()
        else:
            overload.nacked()


def dropped(overload, of=4000):
    return sum(overload.drops() for _ in range(of)) / of


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def overload(time):
    return Overload(time, Random(1))


def test_nothing_is_dropped_without_refusals(overload):
    assert not overload.troubled
    assert dropped(overload) == 0


def test_a_refusal_after_a_long_quiet_time_is_one_refusal(overload, time):
    time.now += 3600
    overload.nacked()
    assert overload.troubled
    assert overload.share == 1.0


@pytest.mark.parametrize(("seconds", "share"), [(60, 0.607), (120, 0.368), (240, 0.135)])
def test_the_average_looks_back_two_minutes(overload, time, seconds, share):
    over(seconds, 10, False, overload, time)
    assert overload.share == pytest.approx(share, abs=0.005)


@pytest.mark.parametrize(
    ("seconds", "expected"), [(80, 0), (120, 1 - 2 * 0.368), (150, 1 - 2 * 0.2865), (600, 0.75)]
)
def test_more_is_dropped_the_less_is_accepted(overload, time, seconds, expected):
    over(seconds, 10, False, overload, time)
    assert dropped(overload) == pytest.approx(expected, abs=0.03)
    assert expected <= MOST_DROPPED


def test_a_client_with_few_requests_drops_none(overload, time):
    over(600, 4, False, overload, time)
    assert overload.share < 0.1
    assert dropped(overload) == 0


def test_backends_that_accept_again_get_everything_again(overload, time):
    over(600, 10, False, overload, time)
    over(90, 10, True, overload, time)
    assert dropped(overload) == 0
    assert overload.troubled
    over(1200, 10, True, overload, time)
    assert not overload.troubled
    assert overload.share == 1.0
