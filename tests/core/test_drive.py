"""Coroutines over Replies and Deferreds."""

import pytest
from twisted.internet.defer import Deferred

from linkerpy.core.drive import drive
from linkerpy.core.errors import Cancelled
from linkerpy.core.reply import Reply


class Outcome:
    """Records what a drive was told."""

    def __init__(self):
        self.told = []

    def __call__(self, result, error):
        self.told.append((result, error))


async def wait_for(awaitable):
    return await awaitable


def test_a_coroutine_that_never_waits_finishes_before_drive_returns():
    async def answer():
        return 42

    outcome = Outcome()
    running = drive(answer(), outcome)
    assert outcome.told == [(42, None)]
    assert running.finished


def test_an_awaited_reply_resumes_the_coroutine_when_it_is_resolved():
    reply, outcome = Reply(), Outcome()
    drive(wait_for(reply), outcome)
    assert outcome.told == []
    reply.resolve("here")
    assert outcome.told == [("here", None)]


def test_a_reply_resolved_beforehand_does_not_suspend():
    reply, outcome = Reply(), Outcome()
    reply.resolve(1)
    drive(wait_for(reply), outcome)
    assert outcome.told == [(1, None)]


def test_a_failed_reply_raises_in_the_coroutine():
    reply, outcome = Reply(), Outcome()

    async def guarded():
        try:
            await reply
        except KeyError:
            return "caught"

    drive(guarded(), outcome)
    reply.fail(KeyError("x"))
    assert outcome.told == [("caught", None)]


def test_an_uncaught_error_is_the_result():
    error, outcome = ValueError("no"), Outcome()

    async def failing():
        raise error

    drive(failing(), outcome)
    assert outcome.told == [(None, error)]


def test_cancel_tells_the_producer_then_raises_inside_and_finally_runs():
    seen = []
    reply, outcome = Reply(on_cancel=lambda reason: seen.append(("stop", reason))), Outcome()
    reason = Cancelled("client gone")

    async def holding():
        try:
            await reply
        finally:
            seen.append("released")

    running = drive(holding(), outcome)
    running.cancel(reason)
    assert seen == [("stop", reason), "released"]
    assert outcome.told == [(None, reason)]
    reply.resolve("too late")
    assert len(outcome.told) == 1


def test_cancel_after_the_end_does_nothing():
    outcome = Outcome()
    reply = Reply()
    running = drive(wait_for(reply), outcome)
    reply.resolve(1)
    running.cancel()
    assert outcome.told == [(1, None)]


def test_a_coroutine_that_goes_on_after_its_cancellation_may_still_answer():
    first, second, outcome = Reply(), Reply(), Outcome()

    async def stubborn():
        try:
            await first
        except Cancelled:
            return await second

    running = drive(stubborn(), outcome)
    running.cancel()
    assert outcome.told == []
    second.resolve("after all")
    assert outcome.told == [("after all", None)]


def test_a_coroutine_cannot_cancel_itself():
    outcome = Outcome()
    runs = []
    start = Reply()

    async def suicidal():
        await start
        runs[0].cancel()

    runs.append(drive(suicidal(), outcome))
    start.resolve(None)
    assert isinstance(outcome.told[0][1], RuntimeError)


@pytest.mark.parametrize("fired", [True, False])
def test_a_deferred_is_awaited_by_its_methods(fired):
    deferred, outcome = Deferred(), Outcome()
    if fired:
        deferred.callback("value")
    drive(wait_for(deferred), outcome)
    if not fired:
        assert outcome.told == []
        deferred.callback("value")
    assert outcome.told == [("value", None)]


def test_a_failed_deferred_raises_its_error():
    deferred, outcome = Deferred(), Outcome()
    drive(wait_for(deferred), outcome)
    error = LookupError("nothing")
    deferred.errback(error)
    assert outcome.told == [(None, error)]


def test_cancel_cancels_an_awaited_deferred_and_speaks_once():
    cancelled, outcome = [], Outcome()
    deferred = Deferred(cancelled.append)
    running = drive(wait_for(deferred), outcome)
    reason = Cancelled()
    running.cancel(reason)
    assert cancelled == [deferred]
    assert outcome.told == [(None, reason)]


def test_awaiting_something_else_is_a_type_error():
    class Odd:
        def __await__(self):
            yield "nonsense"

    outcome = Outcome()
    drive(wait_for(Odd()), outcome)
    assert isinstance(outcome.told[0][1], TypeError)


def test_ten_thousand_replies_in_a_row_do_not_deepen_the_stack():
    replies = [Reply() for _ in range(10_000)]
    outcome = Outcome()

    async def many():
        for reply in replies:
            await reply
        return "done"

    drive(many(), outcome)
    for reply in replies:
        reply.resolve(None)
    assert outcome.told == [("done", None)]
