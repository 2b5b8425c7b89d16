from twisted.internet.task import Clock

from linkerpy.core.activity import Activity, Failed, Ok, Pending
from linkerpy.core.var import Source
from linkerpy.naming.bound import Bound
from linkerpy.naming.nametree import Alt, Leaf, Neg, Union, Weighted
from linkerpy.naming.path import Path
from linkerpy.router.binding import Binding
from linkerpy.router.view import _leaves, _state


def bound(name):
    return Bound(Path.parse(name), Source(None))


def test_a_bindings_state_has_a_word():
    source = Source(Pending())
    binding = Binding(Activity(source), lambda: 0.0)
    seen = [_state(binding)]
    tree = Leaf(bound("/#/x"))
    for state in (Failed(ValueError("down")), Ok(tree), Failed(ValueError("down")), Ok(Neg())):
        source.update(state)
        seen.append(_state(binding))
    assert seen == ["pending", "failed", "bound", "stale", "neg"]


def test_a_binding_remembers_what_became_of_it():
    clock, source = Clock(), Source(Pending())
    binding = Binding(Activity(source), clock.seconds)
    clock.advance(2)
    source.update(Ok(Neg()))
    clock.advance(3)
    source.update(Failed(ValueError("consul is down")))
    story = binding.story
    assert (story.opened, story.changed, story.failed_at) == (0, 2, 5)
    assert (story.changes, story.failures, story.last_error) == (1, 1, "consul is down")


def test_every_leaf_of_a_tree_is_told():
    a, b, c = (Leaf(bound(f"/#/{name}")) for name in "abc")
    tree = Alt((Neg(), Union((Weighted(1.0, a), Weighted(2.0, b))), c))
    assert [leaf.id.show() for leaf in _leaves(tree)] == ["/#/a", "/#/b", "/#/c"]
