"""Watches and polls, over a service whose answers the test makes up."""

from itertools import count

import pytest
from twisted.internet.task import Clock

from linkerpy.net.fetch import FetchFailed
from linkerpy.net.watch import Once, Poll, Watch

URL = "http://namerd:4180/x"


class Service:
    """Keeps each GET."""

    def __init__(self):
        self.gets = []

    def url(self, target):
        return f"http://namerd:4180{target}"

    def get(self, target, listener, patience, *, whole=False):
        get = Get(target, listener, patience, whole)
        self.gets.append(get)
        return get

    @property
    def last(self):
        return self.gets[-1]


class Get:
    def __init__(self, target, listener, patience, whole):
        self.target, self.listener, self.patience, self.whole = target, listener, patience, whole
        self.closed = False

    def close(self):
        self.closed = True

    def say(self, *lines):
        self.listener.began()
        self.listener.received("".join(f"{line}\n" for line in lines).encode())

    def end(self, error=None):
        self.closed = True
        self.listener.ended(None if error is None else FetchFailed(error))


class Told:
    """Who follows: refuses the value "bad"."""

    def __init__(self):
        self.values, self.troubles = [], []

    def told(self, value, seconds):
        if value == "bad":
            raise ValueError("a bad value")
        self.values.append((value, seconds))

    def troubled(self, reason, pause):
        self.troubles.append((reason, pause))


class World:
    def __init__(self):
        self.clock, self.service, self.follower = Clock(), Service(), Told()

    def watch(self):
        waits = lambda: (5.0 * 2**n for n in count())  # noqa: E731
        return Watch(self.service, "/x", self.clock, waits, self.follower)

    def poll(self):
        return Poll(self.service, "/x", self.clock, 20.0, 10.0, self.follower)

    @property
    def values(self):
        return [value for value, _ in self.follower.values]

    @property
    def asked(self):
        return len(self.service.gets)


@pytest.fixture
def world():
    return World()


def test_a_watch_tells_each_value_and_how_long_it_took(world):
    watch = world.watch()
    assert (world.service.last.target, world.service.last.whole) == ("/x", False)
    world.clock.advance(2)
    world.service.last.say("1", "2")
    assert world.follower.values == [(1, 2.0), (2, 2.0)]
    watch.close()
    assert world.service.last.closed
    assert world.clock.getDelayedCalls() == []


def test_a_watch_that_fails_is_opened_again_after_longer_and_longer_waits(world):
    world.watch()
    for wait in (5, 10, 20):
        world.service.last.end("refused")
        assert world.follower.troubles[-1] == ("refused", wait)
        before = world.asked
        world.clock.advance(wait - 0.1)
        assert world.asked == before
        world.clock.advance(0.1)
        assert world.asked == before + 1
    world.service.last.say("1")
    world.service.last.end("broke off")
    assert world.follower.troubles[-1] == ("broke off", 5)


def test_a_watch_that_lasted_is_opened_again_at_once_and_that_is_no_trouble(world):
    world.watch()
    world.service.last.say("1")
    world.clock.advance(5)
    world.service.last.end()
    world.clock.advance(0)
    assert world.asked == 2
    assert world.follower.troubles == []


def test_a_watch_that_always_ends_after_its_first_value_is_no_hot_loop(world):
    world.watch()
    for _ in range(3):
        world.service.last.say("1")
        world.service.last.end()
        world.clock.advance(4.9)
        before = world.asked
        world.clock.advance(0.1)
        assert world.asked == before + 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("no such namespace", f"{URL}: not JSON: no such namespace"),
        ('"bad"', f"{URL}: a bad value"),
    ],
)
def test_what_cannot_be_meant_ends_the_stream_and_keeps_what_was_told(world, line, reason):
    watch = world.watch()
    world.service.last.say("1", line, "2")
    assert world.values == [1]
    assert world.follower.troubles == [(reason, 5.0)]
    assert world.service.last.closed
    assert watch.seen.snapshot()["error"] == reason
    world.clock.advance(5)
    world.service.last.say("3")
    assert world.values == [1, 3]
    assert "error" not in watch.seen.snapshot()


def test_an_answer_that_ends_without_a_value_is_trouble(world):
    world.watch()
    world.service.last.say()
    world.clock.advance(9)
    world.service.last.end()
    assert world.follower.troubles == [(f"{URL}: the answer is empty", 5.0)]


def test_a_watch_that_is_closed_by_what_it_tells_says_no_more(world):
    watch = world.watch()
    world.follower.told = lambda value, seconds: (
        world.follower.values.append(value),
        watch.close(),
    )
    world.service.last.say("1", "2")
    assert world.follower.values == [1]
    assert world.clock.getDelayedCalls() == []


def test_a_poll_asks_at_once_and_then_by_the_period_of_its_questions(world):
    poll = world.poll()
    assert (world.service.last.whole, world.service.last.patience) == (True, 10.0)
    world.clock.advance(3)
    world.service.last.listener.began()
    world.service.last.listener.received(b"[1")
    world.service.last.listener.received(b"]")
    assert world.values == []
    world.service.last.end()
    assert world.follower.values == [([1], 3.0)]
    world.clock.advance(16.9)
    assert world.asked == 1
    world.clock.advance(0.1)
    assert world.asked == 2
    world.service.last.end("refused")
    assert world.follower.troubles == [("refused", 20.0)]
    poll.close()
    assert world.clock.getDelayedCalls() == []


def test_a_poll_waits_for_an_answer_that_takes_longer_than_its_period(world):
    world.poll()
    world.clock.advance(30)
    assert world.asked == 1
    world.service.last.end("too late")
    world.clock.advance(0)
    assert world.asked == 2


def test_a_state_page_sees_when_what_happened(world):
    watch = world.watch()
    shown = watch.seen.snapshot()
    assert (shown["request"], shown["streaming"]) == (URL, False)
    world.service.last.say('{"a": 1}')
    shown = watch.seen.snapshot()
    assert (shown["response"], shown["streaming"]) == ('{"a": 1}', True)
    world.service.last.end()
    assert set(watch.seen.snapshot()) == {
        "request",
        "streaming",
        "response",
        "lastRequestAt",
        "lastStreamStartAt",
        "lastResponseAt",
        "lastStreamEndAt",
    }


@pytest.mark.parametrize(
    ("body", "error", "told"),
    [
        (b"[1]", None, ([1], None)),
        (b"[1]\n", None, ([1], None)),
        (b"", None, (None, f"{URL}: 0 values where one was expected")),
        (b"1\n2\n", None, (None, f"{URL}: 2 values where one was expected")),
        (b"oops\n", None, (None, f"{URL}: not JSON: oops")),
        (b"oops", None, (None, f"{URL}: not JSON: oops")),
        (b"[1]", "broke off", (None, "broke off")),
    ],
)
def test_one_question_has_one_answer(body, error, told):
    service, outcomes = Service(), []
    Once(service, "/x", 5.0, lambda *outcome: outcomes.append(outcome))
    service.last.listener.received(body)
    if not service.last.closed:
        service.last.end(error)
    assert outcomes == [told]
