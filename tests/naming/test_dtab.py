"""Prefix, Dentry and Dtab: matching, look-up and text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.naming import nametree
from linkerpy.naming.dtab import EMPTY, WILDCARD, Dentry, Dtab, Prefix
from linkerpy.naming.nametree import NEG, Alt, Leaf, Union, Weighted
from linkerpy.naming.path import Path

elements = st.sampled_from([b"a", b"b", b"c d"])
paths = st.lists(elements, max_size=4).map(lambda e: Path(tuple(e)))
prefixes = st.lists(elements | st.just(WILDCARD), max_size=3).map(lambda e: Prefix(tuple(e)))
weights = st.floats(0, 1e6) | st.just(1.0)
leaves = paths.map(Leaf) | st.just(NEG)
trees = (
    leaves
    | st.lists(leaves, min_size=2, max_size=3).map(lambda c: Alt(tuple(c)))
    | st.lists(st.builds(Weighted, weights, leaves), min_size=2, max_size=3).map(
        lambda c: Union(tuple(c))
    )
)
dentries = st.builds(Dentry, prefixes, trees)
dtabs = st.lists(dentries, max_size=5).map(lambda d: Dtab(tuple(d)))


@given(prefixes)
def test_parse_inverts_show_of_a_prefix(prefix):
    assert Prefix.parse(prefix.show()) == prefix
    assert str(prefix) == prefix.show()


@given(dentries)
def test_parse_inverts_exact_show_of_a_dentry(dentry):
    assert Dentry.parse(dentry.show(exact=True)) == dentry


@given(dtabs)
def test_parse_inverts_exact_show_of_a_dtab(dtab):
    assert Dtab.parse(dtab.show(exact=True)) == dtab


@given(dtabs)
def test_str_is_the_canonical_text_and_parses(dtab):
    assert str(dtab) == dtab.show()
    again = Dtab.parse(str(dtab))
    assert [d.prefix for d in again.dentries] == [d.prefix for d in dtab.dentries]


@given(dtabs, dtabs)
def test_the_text_of_a_sum_is_the_texts_joined(left, right):
    both = left + right
    assert len(both) == len(left) + len(right)
    assert both.show() == ";".join(filter(None, [left.show(), right.show()]))


@given(paths, paths)
def test_a_prefix_without_wildcards_matches_like_starts_with(mine, path):
    assert Prefix(mine.elems).matches(path) == path.starts_with(mine)


@given(prefixes, paths)
def test_a_prefix_matches_when_some_filling_of_its_wildcards_is_a_prefix(prefix, path):
    filled = tuple(
        theirs if mine is WILDCARD else mine
        for mine, theirs in zip(prefix.elems, path.elems, strict=False)
    )
    long_enough = len(path) >= len(prefix)
    assert prefix.matches(path) == (long_enough and path.starts_with(Path(filled)))


@given(dtabs, dtabs, paths)
def test_a_sum_matches_the_right_side_first(left, right, path):
    assert (left + right).matches(path) == right.matches(path) + left.matches(path)


@given(dtabs, paths)
def test_lookup_is_neg_the_one_tree_or_the_alt_of_all_matches(dtab, path):
    found = [tree for _, tree in dtab.matches(path)]
    expected = {0: NEG, 1: found[0] if found else NEG}.get(len(found), Alt(tuple(found)))
    assert dtab.lookup(path) == expected


@given(dentries, paths)
def test_a_match_puts_the_rest_of_the_path_on_every_leaf(dentry, path):
    rest = path.drop(len(dentry.prefix))
    for source, tree in Dtab((dentry,)).matches(path):
        assert source is dentry
        assert tree == nametree.map(dentry.dst, lambda leaf: leaf + rest)


@pytest.mark.parametrize(
    ("dtab", "path", "expected"),
    [
        ("", "/a", "~"),
        ("/a => /b", "/a", "/b"),
        ("/a => /b", "/a/x/y", "/b/x/y"),
        ("/a => /b", "/ab", "~"),
        ("/a/b => /c", "/a", "~"),
        ("/a => /b ; /a => /c", "/a/x", "/c/x | /b/x"),
        ("/a => /b | /c ; /a => /d", "/a/x", "/d/x | (/b/x | /c/x)"),
        ("/a/b => /long ; /a => /short", "/a/b", "/short/b | /long"),
        ("/a => ! ; /a => ~ ; /a => $", "/a/x", "$ | ~ | !"),
        ("/a => 0.9*/b & 0.1*(/c | !)", "/a/x", "0.90*/b/x & 0.10*(/c/x | !)"),
        ("/a/*/c => /d", "/a/b/c/e/f", "/d/e/f"),
        ("/a/*/c => /d", "/a/b", "~"),
        ("/* => /d", "/", "~"),
        ("/ => /d", "/", "/d"),
        ("/ => /d", "/x", "/d/x"),
        ("/a => /", "/a/x", "/x"),
        ("/x => /y ; /a => ~", "/a", "~"),
    ],
)
def test_lookup(dtab, path, expected):
    assert nametree.show(Dtab.parse(dtab).lookup(Path.parse(path))) == expected


def test_a_wildcard_in_a_prefix_is_not_the_escaped_asterisk():
    escaped = Prefix.parse("/\\x2a")
    assert escaped.elems == (b"*",)
    assert escaped.show() == "/\\x2a"
    assert not escaped.matches(Path.of("a"))
    assert escaped.matches(Path.of("*"))


def test_the_empty_dtab_is_neutral():
    dtab = Dtab.parse("/a => /b")
    assert EMPTY + dtab == dtab + EMPTY == dtab
    assert (len(EMPTY), EMPTY.show()) == (0, "")


def test_an_empty_element_is_refused():
    with pytest.raises(ValueError, match="must not be empty"):
        Prefix((b"a", b""))
