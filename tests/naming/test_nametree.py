"""NameTree: upstream's simplify and eval vectors, printing, and the laws."""

import json
import math
import re
from pathlib import Path as File

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.naming import nametree
from linkerpy.naming.nametree import (
    EMPTY,
    FAIL,
    MAX_NESTING,
    NEG,
    Alt,
    Empty,
    Fail,
    Leaf,
    Neg,
    Union,
    Weighted,
    evaluate,
    parse,
    show,
    simplify,
)
from linkerpy.naming.path import Path

VECTORS = File(__file__).parent.parent / "vectors" / "simplify.jsonl"

paths = st.lists(st.sampled_from([b"a", b"b", b"c d"]), max_size=3).map(lambda e: Path(tuple(e)))
weights = st.floats(0, allow_nan=False, allow_infinity=False) | st.sampled_from([0.1, 0.9, 1.0])
ends = st.sampled_from([FAIL, NEG, EMPTY]) | paths.map(Leaf)


def branching(min_children):
    """Trees of which no Alt and no Union has fewer children."""
    return st.recursive(
        ends,
        lambda t: (
            st.lists(t, min_size=min_children, max_size=4).map(lambda c: Alt(tuple(c)))
            | st.lists(st.builds(Weighted, weights, t), min_size=min_children, max_size=4).map(
                lambda c: Union(tuple(c))
            )
        ),
        max_leaves=12,
    )


any_trees = branching(0)
printable_trees = branching(2)


@pytest.mark.parametrize(
    ("text", "simplified", "value"),
    [json.loads(line) for line in VECTORS.read_text("utf-8").splitlines()],
)
def test_vector(text, simplified, value):
    tree = parse(text)
    assert show(simplify(tree)) == simplified
    expected = {"neg": NEG, "fail": FAIL}.get(value) if isinstance(value, str) else None
    assert evaluate(tree) == (expected or frozenset(Path.parse(text) for text in value))


@given(printable_trees)
def test_parse_inverts_exact_show(tree):
    assert parse(show(tree, exact=True)) == tree


@given(any_trees)
def test_exact_text_is_a_fixed_point(tree):
    text = show(tree, exact=True)
    assert show(parse(text), exact=True) == text


@given(any_trees)
def test_rounding_weights_changes_nothing_else(tree):
    def unweighted(text):
        return re.sub(r"[0-9.]+\*", "", text)

    text = show(tree)
    assert unweighted(show(parse(text))) == unweighted(text)
    assert unweighted(show(tree, exact=True)) == unweighted(text)


@given(any_trees)
def test_exact_text_means_the_same(tree):
    assert evaluate(parse(show(tree, exact=True))) == evaluate(tree)


@given(any_trees)
def test_simplify_is_idempotent(tree):
    assert simplify(simplify(tree)) == simplify(tree)


@given(any_trees)
def test_simplify_preserves_evaluation(tree):
    assert evaluate(simplify(tree)) == evaluate(tree)


@given(any_trees)
def test_simplify_leaves_no_dead_branch(tree):
    def check(node):
        match node:
            case Alt(trees):
                assert len(trees) > 1
                assert NEG not in trees
                assert FAIL not in trees[:-1]
                for child in trees:
                    check(child)
            case Union(weighted):
                assert len(weighted) > 1
                for child in weighted:
                    assert child.tree not in (NEG, FAIL)
                    check(child.tree)

    check(simplify(tree))


@given(st.lists(st.builds(Weighted, weights, ends), min_size=2))
def test_simplify_keeps_the_weights_of_surviving_branches(weighted):
    alive = [w for w in weighted if w.tree not in (NEG, FAIL)]
    match simplify(Union(tuple(weighted))):
        case Union(kept):
            assert list(kept) == alive
        case single:
            assert [w.tree for w in alive] in ([], [single])


@given(any_trees)
def test_map_keeps_shape(tree):
    suffix = Path.of("x")
    longer = nametree.map(tree, lambda path: path + suffix)
    assert nametree.map(longer, lambda path: path.take(len(path) - 1)) == tree


@given(any_trees)
def test_map_reaches_every_value(tree):
    values = evaluate(nametree.map(tree, Path.show))
    original = evaluate(tree)
    if isinstance(original, frozenset):
        assert values == frozenset(path.show() for path in original)
    else:
        assert values == original


@pytest.mark.parametrize(
    ("weight", "canonical", "exact"),
    [
        (1.0, "", ""),
        (0.9, "0.90*", "0.90*"),
        (2, "2.00*", "2.00*"),
        (0.125, "0.13*", "0.125*"),
        (0.005, "0.01*", "0.005*"),
        (0.004, "0.00*", "0.004*"),
        (0.999, "1.00*", "0.999*"),
        (1 / 3, "0.33*", "0.3333333333333333*"),
        (0.0, "0.00*", "0.00*"),
        (-0.0, "0.00*", "0.00*"),
        (1e-7, "0.00*", "0.0000001*"),
        (1e30, f"1{'0' * 30}.00*", f"1{'0' * 30}.00*"),
    ],
)
def test_weight_text(weight, canonical, exact):
    tree = Union((Weighted(weight, Leaf(Path.of("a"))), Weighted(1.0, EMPTY)))
    assert show(tree) == f"{canonical}/a & $"
    assert show(tree, exact=True) == f"{exact}/a & $"


@pytest.mark.parametrize("weight", [-0.1, math.nan, math.inf, -math.inf])
def test_a_weight_that_splits_no_traffic_is_refused(weight):
    with pytest.raises(ValueError, match="finite and not negative"):
        Weighted(weight, NEG)


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (Alt((FAIL,)), "!"),
        (Alt((Union((Weighted(2.0, Alt((EMPTY,))),)),)), "$"),
        (Alt(()), "~"),
        (Union(()), "~"),
        (Alt((Alt((FAIL,)), NEG)), "! | ~"),
        (Alt((Union((Weighted(2.0, Alt((FAIL, EMPTY))),)), NEG)), "(! | $) | ~"),
    ],
)
def test_alts_and_unions_of_one_show_as_the_child_and_of_none_as_neg(tree, text):
    assert show(tree) == text
    assert simplify(tree) == simplify(parse(text))
    assert evaluate(tree) == evaluate(parse(text))


def test_the_three_ends_are_distinct_values():
    assert (Neg(), Fail(), Empty()) == (NEG, FAIL, EMPTY)
    assert len({NEG, FAIL, EMPTY}) == 3
    assert len({NEG, Neg()}) == 1


def test_the_deepest_tree_that_parses_survives_every_operation():
    text = "(2*/x & " * MAX_NESTING + "/a" + " & /y | /b)" * MAX_NESTING
    tree = parse(text)
    assert tree == parse(text)
    assert hash(tree) == hash(parse(text))
    assert parse(show(tree)) == tree
    assert nametree.map(tree, lambda path: path) == tree
    assert simplify(tree) == tree
    assert evaluate(tree) == {Path.of(e) for e in ("x", "a", "y")}
    assert repr(tree).startswith("Alt(")
