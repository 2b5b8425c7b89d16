"""A few log lines for each cause, however many requests fail."""

import pytest
from twisted.internet.task import Clock
from twisted.logger import Logger, LogLevel, formatEvent

from linkerpy.net.complaints import INTERVAL, MOST, Complaints


class Told(list):
    def __init__(self):
        super().__init__()
        self.clock = Clock()
        log = Logger(namespace="x", observer=lambda event: self.append(formatEvent(event)))
        self.complaints = Complaints(log, self.clock)

    def complain(self, cause, text="it failed: {why}"):
        self.complaints.complain(cause, LogLevel.error, text, why=cause)


@pytest.fixture
def told():
    return Told()


def test_each_cause_is_told_at_once_and_then_not_for_a_while(told):
    for _ in range(1000):
        told.complain("a")
        told.complain("b")
    assert told == ["it failed: a", "it failed: b"]


def test_the_next_line_says_how_many_there_were(told):
    for _ in range(4):
        told.complain("a")
    told.clock.advance(INTERVAL)
    told.complain("a")
    told.clock.advance(INTERVAL)
    told.complain("a")
    assert told == ["it failed: a", "it failed: a (and 3 more like it)", "it failed: a"]


def test_what_came_from_outside_is_no_format(told):
    told.complain("{untold} {0}")
    assert told == ["it failed: {untold} {0}"]


def test_ever_new_causes_cost_no_memory(told):
    for n in range(2 * MOST):
        told.complain(str(n))
    assert len(told.complaints._causes) == MOST
