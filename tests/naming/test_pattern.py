"""PathPattern: the vectors of the path matcher, greed, anchoring and substitution."""

import json
import re
from pathlib import Path as File

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.naming.path import EMPTY, Path
from linkerpy.naming.pattern import PathPattern, substitute

VECTORS = File(__file__).parent.parent / "vectors" / "pattern.jsonl"


def match(pattern, path):
    return PathPattern.parse(pattern).match(Path.parse(path))


@pytest.mark.parametrize(
    ("pattern", "path", "captures"),
    [json.loads(line) for line in VECTORS.read_text("utf-8").splitlines()],
)
def test_vector(pattern, path, captures):
    assert match(pattern, path) == captures


@pytest.mark.parametrize(
    ("pattern", "path", "captures"),
    [
        # the whole element must match, where linkerd searches inside it
        ("/{A}.com", "/foo.com.org", None),
        ("/{A}:http", "/x:httpfoo", None),
        ("/x{A}", "/ax1", None),
        # a wildcard past the end is no match, where linkerd crashes
        ("/a/*", "/a", None),
        ("/*", "/", None),
        # dots and other regular expression characters stand for themselves
        ("/{A}.com", "/fooxcom", None),
        ("/a.c", "/abc", None),
        ("/a$", "/a$", {}),
        # greed
        ("/{A}{B}", "/xyz", {"A": "xyz", "B": ""}),
        ("/{A}-{B}-{C}", "/a-b-c-d", {"A": "a-b", "B": "c", "C": "d"}),
        ("/{A}--{B}", "/a---b", {"A": "a-", "B": "b"}),
        ("/ab{A}ba", "/aba", None),
        ("/ab{A}ba", "/abba", {"A": ""}),
        # names
        ("/{a-b}", "/x", {"a-b": "x"}),
        ("/{a.b:c}", "/x", {"a.b:c": "x"}),
        ("/{}", "/x", None),
        ("/{a b}", "/x", None),
        ("/{A}/{A}", "/x/y", {"A": "y"}),
        # slashes
        ("/", "/", {}),
        ("/", "/a/b", {}),
        ("", "/a", {}),
        ("a/b", "/a/b/c", {}),
        ("//a//", "/a/b", {}),
        ("/a//b", "/a/b", None),
        # wildcards are whole segments only
        ("/a*", "/abc", None),
        # elements are compared as printed
        ("/\\x61\\x20", "/\\x61\\x20", {}),
        ("/{A}", "/\\x61\\x20", {"A": "\\x61\\x20"}),
    ],
)
def test_match(pattern, path, captures):
    assert match(pattern, path) == captures


@pytest.mark.parametrize(
    ("pattern", "path", "template", "result"),
    [
        ("/foo/{A}/*/{B}", "/foo/boo/bar/bas", "/{A}/and/{B}", "/boo/and/bas"),
        (
            "/#/io.l5d.serversets/s/*/staging/{service}:https",
            "/#/io.l5d.serversets/s/nobody/staging/foo:https",
            "*.{service}.com",
            "*.foo.com",
        ),
        ("/{foo}/*/three", "/one/two/three", "/success/{foo}", "/success/one"),
        ("/one/two", "/one/two/three", "/success", "/success"),
        ("/{A}", "/x", "/{A}/{B}/{A}", "/x/{B}/x"),
        ("/{A}", "/x", "{}{A", "{}{A"),
    ],
)
def test_captures_fill_a_template(pattern, path, template, result):
    captures = match(pattern, path)
    assert captures is not None
    assert substitute(template, captures) == result


def test_a_filled_in_value_is_not_a_template():
    assert substitute("{A}{B}", {"A": "{B}", "B": "b"}) == "{B}b"


pieces = st.text("ab.-", max_size=3)


@given(st.lists(pieces, min_size=2, max_size=4), st.text("ab.-", min_size=1, max_size=10))
def test_mixed_segments_agree_with_an_anchored_greedy_regular_expression(literals, element):
    names = [f"n{i}" for i in range(len(literals) - 1)]
    segment = literals[0] + "".join(
        f"{{{name}}}{literal}" for name, literal in zip(names, literals[1:], strict=True)
    )
    found = re.fullmatch("(.*)".join(re.escape(literal) for literal in literals), element)
    expected = dict(zip(names, found.groups(), strict=True)) if found else None
    assert match(f"/{segment}", f"/{element}") == expected


@given(st.text())
def test_any_text_is_a_pattern_and_prints_as_itself(text):
    pattern = PathPattern.parse(text)
    assert str(pattern) == text
    assert pattern.match(EMPTY) in (None, {})
