"""One-shot replies."""

import pytest

from linkerpy.core.errors import Cancelled
from linkerpy.core.reply import Reply


def outcome(reply):
    waiting = reply.__await__()
    with pytest.raises(StopIteration) as stop:
        next(waiting)
    return stop.value.value


def test_only_the_first_outcome_counts():
    reply = Reply()
    reply.resolve(1)
    reply.resolve(2)
    reply.fail(ValueError())
    reply.cancel()
    assert outcome(reply) == 1


def test_cancel_without_a_reason_is_cancelled():
    reply = Reply()
    reply.cancel()
    with pytest.raises(Cancelled):
        next(reply.__await__())


def test_cancel_tells_the_producer_once():
    told = []
    reply = Reply(on_cancel=told.append)
    reply.cancel()
    reply.cancel()
    assert len(told) == 1


def test_a_producer_that_was_answered_is_not_told_to_stop():
    told = []
    reply = Reply(on_cancel=told.append)
    reply.resolve(None)
    reply.cancel()
    assert told == []


def test_repr_is_its_state():
    reply = Reply()
    assert repr(reply) == "<Reply pending>"
    assert reply.pending
    reply.resolve(3)
    assert repr(reply) == "<Reply resolved: 3>"
    failed = Reply()
    failed.fail(KeyError("k"))
    assert repr(failed) == "<Reply failed: KeyError('k')>"
