import pytest
from twisted.internet.task import Clock

from linkerpy.net.gradual import TURN, SharedText, Turns


class Slow(Clock):
    """Each look at the time takes a part of a turn."""

    def seconds(self):
        self.rightNow += TURN / 2
        return self.rightNow


def test_others_get_their_turn_in_between():
    clock, taken, ended = Slow(), [], []
    Turns(iter(str(n) for n in range(100)), taken.append, ended.append, clock).start()
    assert len("".join(taken)) < 100
    assert ended == []
    while clock.getDelayedCalls():
        clock.advance(0)
    assert "".join(taken) == "".join(str(n) for n in range(100))
    assert ended == [None]


def test_closed_it_takes_no_more_turns():
    clock, taken, ended = Slow(), [], []
    turns = Turns(iter("x" * 1000), taken.append, ended.append, clock)
    turns.start()
    turns.close()
    assert clock.getDelayedCalls() == []
    assert ended == []


class Made:
    def __init__(self, clock, letters=1000, error=None):
        self.times = 0
        self.error = error
        self.letters = letters
        self.shared = SharedText(self.make, clock)

    def make(self):
        self.times += 1
        yield from str(self.times) * self.letters
        if self.error is not None:
            raise self.error


def test_who_comes_while_a_text_is_made_gets_the_same():
    clock = Slow()
    made, answers = Made(clock), []
    for _ in range(3):
        made.shared.ask().addCallback(answers.append)
    while clock.getDelayedCalls():
        clock.advance(0)
    assert answers == [[b"1" * 1000]] * 3
    made.shared.ask().addCallback(answers.append)
    while clock.getDelayedCalls():
        clock.advance(0)
    assert answers[3] == [b"2" * 1000]


def test_a_small_text_is_made_at_once():
    answers = []
    Made(Clock(), letters=5).shared.ask().addCallback(answers.append)
    assert answers == [[b"11111"]]


def test_who_leaves_keeps_nobody_from_the_text_and_the_last_ends_it():
    clock = Slow()
    made, answers = Made(clock), []
    first, second = made.shared.ask(), made.shared.ask()
    first.addErrback(lambda _: None)
    second.addBoth(answers.append)
    first.cancel()
    assert clock.getDelayedCalls() != []
    second.cancel()
    assert clock.getDelayedCalls() == []
    assert len(answers) == 1


def test_a_failure_is_told_to_all():
    clock, failures = Slow(), []
    made = Made(clock, error=ValueError("no"))
    for _ in range(2):
        made.shared.ask().addErrback(failures.append)
    while clock.getDelayedCalls():
        clock.advance(0)
    assert [str(failure.value) for failure in failures] == ["no", "no"]


@pytest.mark.parametrize("letters", [0, 1, 15, 16, 17, 70_000])
def test_nothing_is_missing_of_a_text_of_any_length(letters):
    clock, answers = Slow(), []
    Made(clock, letters).shared.ask().addCallback(answers.append)
    while clock.getDelayedCalls():
        clock.advance(0)
    assert b"".join(answers[0]) == b"1" * letters
