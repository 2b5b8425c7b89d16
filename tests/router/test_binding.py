"""What a named destination does when its name changes (naming spec 4.2)."""

import pytest

from linkerpy.core.activity import PENDING, Activity, Failed, Ok
from linkerpy.core.drive import drive
from linkerpy.core.errors import BindingFailed, NoHosts
from linkerpy.core.var import Source
from linkerpy.naming.nametree import FAIL, NEG, Leaf
from linkerpy.router.binding import Binding

TREE, OTHER = Leaf("a"), Leaf("b")


class Waiter:
    def __init__(self, binding):
        self.told = []
        drive(self._wait(binding), lambda result, error: self.told.append(error or result))

    async def _wait(self, binding):
        return await binding.wait()


def bound(state=PENDING):
    source = Source(state)
    return source, Binding(Activity(source), lambda: 7.0)


def test_requests_wait_for_the_first_tree():
    source, binding = bound()
    waiter = Waiter(binding)
    assert waiter.told == []
    source.update(Ok(TREE))
    assert waiter.told == [TREE]


def test_a_failure_fails_those_who_wait_and_those_who_come():
    source, binding = bound()
    waiter = Waiter(binding)
    source.update(Failed(RuntimeError("boom")))
    assert [str(e) for e in waiter.told] == ["boom"]
    assert isinstance(Waiter(binding).told[0], BindingFailed)


def test_pending_after_a_failure_keeps_failing_at_once():
    source, binding = bound(Failed(RuntimeError("boom")))
    source.update(PENDING)
    assert [str(e) for e in Waiter(binding).told] == ["boom"]


def test_a_failed_name_recovers():
    source, binding = bound(Failed(RuntimeError("boom")))
    source.update(Ok(TREE))
    assert Waiter(binding).told == [TREE]


@pytest.mark.parametrize("state", [PENDING, Failed(RuntimeError("boom"))])
def test_once_named_only_a_new_tree_counts(state):
    source, binding = bound(Ok(TREE))
    source.update(state)
    assert binding.tree is TREE
    assert Waiter(binding).told == [TREE]


@pytest.mark.parametrize("tree", [NEG, FAIL, OTHER])
def test_any_new_tree_replaces_the_old_one(tree):
    source, binding = bound(Ok(TREE))
    source.update(Ok(tree))
    assert binding.tree == tree


def test_close_fails_those_who_wait_and_stops_following():
    source, binding = bound()
    waiter = Waiter(binding)
    binding.close()
    assert isinstance(waiter.told[0], BindingFailed)
    source.update(Ok(TREE))
    assert binding.tree is None


def test_a_request_that_gives_up_is_forgotten():
    source, binding = bound()
    reply = binding.wait()
    reply.cancel()
    assert "0 waiting" in repr(binding)
    source.update(Ok(TREE))


def test_an_error_raised_many_times_does_not_grow():
    _, binding = bound(Failed(NoHosts("none")))
    errors = [Waiter(binding).told[0] for _ in range(3)]
    assert len({id(error) for error in errors}) == 3
