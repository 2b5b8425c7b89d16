import pytest
from twisted.internet.task import Clock

from linkerpy.net.paced import paced
from tests.support.disk import FakeWatch


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def disk():
    return FakeWatch()


def follow(disk, clock, seconds):
    """Watches; what is done about a change takes so long. When it was done is noted."""
    told = []

    def change():
        told.append(clock.seconds())
        clock.rightNow += seconds  # the reactor stands still meanwhile

    return told, paced(disk, clock)("/d", change)


def test_a_change_is_told_at_once(disk, clock):
    told, _ = follow(disk, clock, 1)
    disk.changed("/d")
    assert told == [0]


def test_changes_that_follow_closely_are_one_after_four_times_as_long(disk, clock):
    told, _ = follow(disk, clock, 1)
    for _ in range(10):
        disk.changed("/d")
    clock.advance(3.9)
    assert told == [0]
    clock.advance(0.1)
    assert told == [0, 5]
    clock.advance(100)
    assert told == [0, 5]


def test_one_that_comes_later_is_told_at_once_again(disk, clock):
    told, _ = follow(disk, clock, 1)
    disk.changed("/d")
    clock.advance(4)
    disk.changed("/d")
    assert told == [0, 5]


def test_a_failure_is_followed_by_a_rest_too(disk, clock):
    def fail():
        clock.rightNow += 1
        raise OSError("no such folder")

    paced(disk, clock)("/d", fail)
    with pytest.raises(OSError, match="no such folder"):
        disk.changed("/d")
    disk.changed("/d")
    assert len(clock.getDelayedCalls()) == 1


def test_who_has_ended_hears_of_nothing(disk, clock):
    told, watch = follow(disk, clock, 1)
    disk.changed("/d")
    disk.changed("/d")
    watch.close()
    clock.advance(10)
    assert told == [0]
    assert disk.directories == []
