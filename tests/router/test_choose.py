"""Drawing a branch of a bound tree (naming spec 2.6)."""

from collections import Counter
from random import Random

import pytest

from linkerpy.core.var import Source
from linkerpy.naming.addr import ADDR_NEG
from linkerpy.naming.bound import Bound
from linkerpy.naming.nametree import EMPTY, FAIL, NEG, Leaf, Union, Weighted
from linkerpy.naming.path import Path
from linkerpy.router.choose import chooser


def leaf(name):
    return Leaf(Bound(Path.of(name), Source(ADDR_NEG)))


def union(*parts):
    return Union(tuple(Weighted(weight, tree) for weight, tree in parts))


def draw(tree, times=10_000):
    choose = chooser(tree, Random(11))
    drawn = [choose() for _ in range(times)]
    return Counter(branch.bound.id.show() if branch else None for branch in drawn)


def test_a_leaf_is_always_drawn_and_always_the_same_branch():
    choose = chooser(leaf("a"), Random(1))
    assert choose() is choose()


@pytest.mark.parametrize("tree", [NEG, FAIL, EMPTY])
def test_a_dead_tree_gives_nothing(tree):
    assert chooser(tree, Random(1))() is None


def test_branches_are_drawn_within_one_percent_of_their_weights():
    drawn = draw(union((0.9, leaf("a")), (0.1, leaf("b"))))
    assert drawn["/a"] / 10_000 == pytest.approx(0.9, abs=0.01)


def test_nested_unions_draw_again():
    tree = union((3.0, union((2.0, leaf("a")), (1.0, leaf("b")))), (1.0, leaf("c")))
    drawn = draw(tree)
    assert [drawn[f"/{name}"] / 10_000 for name in "abc"] == pytest.approx(
        [0.5, 0.25, 0.25], abs=0.02
    )


def test_weights_that_are_all_zero_are_drawn_evenly():
    drawn = draw(union((0.0, leaf("a")), (0.0, leaf("b"))))
    assert drawn["/a"] / 10_000 == pytest.approx(0.5, abs=0.02)


def test_a_branch_without_weight_beside_one_with_some_is_never_drawn():
    assert draw(union((0.0, leaf("a")), (0.001, leaf("b")))) == {"/b": 10_000}


def test_an_empty_branch_takes_its_share():
    drawn = draw(union((1.0, leaf("a")), (1.0, EMPTY)))
    assert drawn[None] / 10_000 == pytest.approx(0.5, abs=0.02)
