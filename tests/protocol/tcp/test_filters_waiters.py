"""How many callers may wait for a connection."""

import pytest

from linkerpy.core.drive import drive
from linkerpy.core.errors import TooManyWaiters
from linkerpy.core.reply import Reply
from linkerpy.protocol.tcp.filters import waiting_at_most
from linkerpy.telemetry.metrics import Metrics


class Below:
    """A service that answers when the test says so."""

    def __init__(self):
        self.replies = []

    async def __call__(self, request):
        reply = Reply()
        self.replies.append(reply)
        return await reply


@pytest.fixture
def below():
    return Below()


@pytest.fixture
def ask(below):
    metrics = Metrics()
    filtered = waiting_at_most(2, metrics)

    def ask():
        outcomes = []
        asked = drive(filtered(below, None), lambda *outcome: outcomes.append(outcome))
        return outcomes, asked

    ask.refused = metrics.counter("too_many_waiters")
    return ask


def test_one_more_than_may_wait_is_refused_and_counted(ask):
    ask(), ask()
    (((_, error),), _) = ask()
    assert isinstance(error, TooManyWaiters)
    assert str(error) == "2 callers wait for a connection already (maxWaiters)"
    assert ask.refused.value == 1


@pytest.mark.parametrize("end", ["resolve", "fail", "cancel"])
def test_who_waits_no_more_makes_room(ask, below, end):
    _, first = ask()
    ask()
    if end == "cancel":
        first.cancel()
    elif end == "fail":
        below.replies[0].fail(RuntimeError())
    else:
        below.replies[0].resolve("backend")
    assert ask()[0] == []
    assert ask.refused.value == 0


def test_without_a_limit_there_is_no_filter():
    assert waiting_at_most(None, Metrics()) is None
