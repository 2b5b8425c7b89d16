"""failFast: down after a failed connect, tried again at growing intervals, up once it connects."""

import pytest
from twisted.internet.task import Clock

from linkerpy.core.clock import TimerWheel
from linkerpy.core.reply import Reply
from linkerpy.policy.fail_fast import FailFast
from tests.policy.watchers import Marks


class World:
    """An endpoint whose attempts to connect end when the test says so."""

    def __init__(self, *waits):
        self.clock = Clock()
        self.marks = Marks()
        self.attempts = []
        self.fail_fast = FailFast(
            self._probe, lambda: iter(waits), self.clock.seconds, TimerWheel(self.clock), self.marks
        )

    async def _probe(self):
        self.attempts.append(Reply())
        await self.attempts[-1]

    def wait(self, seconds):
        self.clock.pump([seconds, 0.02])


@pytest.fixture
def world():
    made = World(1.0, 2.0, 4.0)
    made.fail_fast.failed()
    return made


def test_it_is_up_until_a_connect_fails():
    world = World(1.0)
    assert not world.fail_fast.down
    world.fail_fast.connected()
    assert world.marks.events == []
    world.fail_fast.failed()
    assert world.fail_fast.down
    assert world.marks.events == ["dead"]


def test_more_failures_while_it_is_down_change_nothing(world):
    world.wait(0.5)
    world.fail_fast.failed()
    assert world.fail_fast.since == 0
    assert world.marks.events == ["dead"]
    world.wait(0.5)
    assert len(world.attempts) == 1


def test_attempts_follow_the_waits_and_32_seconds_follow_these(world):
    gaps = []
    for wait in (1.0, 2.0, 4.0, 32.0, 32.0):
        before = len(world.attempts)
        world.clock.advance(wait - 0.1)
        assert len(world.attempts) == before
        world.wait(0.1)
        assert len(world.attempts) == before + 1
        world.attempts[-1].fail(OSError("refused"))
        gaps.append(world.fail_fast.tries)
    assert gaps == [1, 2, 3, 4, 5]
    assert world.fail_fast.down


def test_the_next_wait_begins_when_an_attempt_has_failed(world):
    world.wait(1)
    world.wait(100)
    assert len(world.attempts) == 1
    world.attempts[0].fail(OSError("timed out"))
    world.wait(1.9)
    assert len(world.attempts) == 1
    world.wait(0.1)
    assert len(world.attempts) == 2


def test_an_attempt_that_connects_brings_it_back_and_the_waits_begin_anew(world):
    world.wait(1)
    world.attempts[0].fail(OSError("refused"))
    world.wait(2)
    world.attempts[1].resolve(None)
    assert not world.fail_fast.down
    assert world.marks.events == ["dead", "available"]
    world.fail_fast.failed()
    assert world.fail_fast.tries == 0
    world.wait(1)
    assert len(world.attempts) == 3


@pytest.mark.parametrize("when", [0.5, 1.0], ids=["waiting", "connecting"])
def test_a_connection_of_a_request_brings_it_back_and_ends_the_attempts(world, when):
    world.wait(when)
    world.fail_fast.connected()
    assert world.marks.events == ["dead", "available"]
    assert not any(attempt.pending for attempt in world.attempts)
    world.wait(100)
    assert len(world.attempts) == (when == 1.0)
    assert world.clock.getDelayedCalls() == []


@pytest.mark.parametrize("when", [0.5, 1.0], ids=["waiting", "connecting"])
def test_closing_ends_the_attempts(world, when):
    world.wait(when)
    world.fail_fast.close()
    assert world.marks.events == ["dead", "gone"]
    assert not any(attempt.pending for attempt in world.attempts)
    world.fail_fast.failed()
    world.wait(100)
    assert world.marks.events == ["dead", "gone"]
    assert world.clock.getDelayedCalls() == []


def test_closing_what_is_up_tells_nothing():
    world = World(1.0)
    world.fail_fast.close()
    assert world.marks.events == []
