"""Closables: once, all of them, the last added first."""

import pytest

from linkerpy.core.closable import NOTHING, Closable, Group, OnClose


def closing(log, name):
    return OnClose(lambda: log.append(name))


def test_an_action_runs_once():
    log = []
    handle = closing(log, "a")
    handle.close()
    handle.close()
    assert log == ["a"]
    assert isinstance(handle, Closable)


def test_nothing_closes():
    NOTHING.close()
    assert isinstance(NOTHING, Closable)


def test_a_group_closes_the_last_added_first():
    log = []
    group = Group(closing(log, "a"), closing(log, "b"))
    group.add(closing(log, "c"))
    group.close()
    group.close()
    assert log == ["c", "b", "a"]
    assert group.closed


def test_what_is_added_to_a_closed_group_is_closed_at_once():
    log = []
    group = Group()
    group.close()
    group.add(closing(log, "late"))
    assert log == ["late"]


def test_a_member_that_raises_does_not_keep_the_others_open():
    log = []

    def broken(text):
        def action():
            raise ValueError(text)

        return OnClose(action)

    group = Group(closing(log, "a"), broken("second"), closing(log, "b"), broken("first"))
    with pytest.raises(ValueError, match="first"):
        group.close()
    assert log == ["b", "a"]
