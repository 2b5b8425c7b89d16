"""The grammar: upstream's vectors, error positions, and what arbitrary text may do."""

import json
from collections.abc import Callable
from pathlib import Path as File

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.naming import nametree
from linkerpy.naming.dtab import Dentry, Dtab, Prefix
from linkerpy.naming.parser import NameSyntaxError, Scanner
from linkerpy.naming.path import Path

VECTORS = File(__file__).parent.parent / "vectors" / "parse.jsonl"
READ: dict[str, Callable[[str], str]] = {
    "path": lambda text: Path.parse(text).show(),
    "tree": lambda text: nametree.show(nametree.parse(text)),
    "prefix": lambda text: Prefix.parse(text).show(),
    "dentry": lambda text: Dentry.parse(text).show(),
    "dtab": lambda text: Dtab.parse(text).show(),
}


@pytest.mark.parametrize(
    ("kind", "text", "outcome", "expected"),
    [json.loads(line) for line in VECTORS.read_text("utf-8").splitlines()],
)
def test_vector(kind, text, outcome, expected):
    if outcome == "ok":
        assert READ[kind](text) == expected
        READ[kind](expected)
    else:
        with pytest.raises(NameSyntaxError) as caught:
            READ[kind](text)
        assert caught.value.message == str(caught.value) == expected


@pytest.mark.parametrize(
    ("kind", "text", "position", "line", "column"),
    [
        ("path", "", 0, 1, 1),
        ("path", "foo", 0, 1, 1),
        ("path", "/a//b", 3, 1, 4),
        ("dtab", "/a => /b ;\n/c => /d{x} ;\n", 19, 2, 9),
        ("dtab", "/a => /b ;\n# note\n/c => ;", 24, 3, 7),
        ("dtab", "/a =>\n", 6, 2, 1),
    ],
)
def test_error_points_at_the_offending_character(kind, text, position, line, column):
    with pytest.raises(NameSyntaxError) as caught:
        READ[kind](text)
    error = caught.value
    assert (error.text, error.position) == (text, position)
    assert (error.line, error.column) == (line, column)


@pytest.mark.parametrize("space", "\u00a0\u0085\u2003\u2028\ufeff")
def test_only_ascii_whitespace_is_skipped(space):
    with pytest.raises(NameSyntaxError, match="end of input expected"):
        Path.parse(f"/a{space}")


@pytest.mark.parametrize("space", " \t\n\x0b\x0c\r\x1c\x1d\x1e\x1f")
def test_every_ascii_whitespace_is_skipped(space):
    assert Path.parse(f"{space}/a{space}") == Path.of("a")


@pytest.mark.parametrize("digit", "\u00b2\u0663\uff15")
def test_only_ascii_digits_make_a_weight(digit):
    with pytest.raises(NameSyntaxError, match="simple expected"):
        nametree.parse(f"{digit} * /a & /b")


def test_a_weight_too_large_for_a_double_is_refused_where_it_starts():
    with pytest.raises(NameSyntaxError, match=r"^weight below 1\.8e308 expected but '9'") as caught:
        nametree.parse("/b & " + "9" * 400 + " * /a")
    assert caught.value.position == 5


@pytest.mark.parametrize("text", ["(" * nametree.MAX_NESTING + "/a" + ")" * nametree.MAX_NESTING])
def test_nesting_up_to_the_limit_parses(text):
    assert nametree.parse(text) == nametree.Leaf(Path.of("a"))


@pytest.mark.parametrize("extra", [1, 10, 100_000])
def test_nesting_past_the_limit_is_a_syntax_error(extra):
    with pytest.raises(NameSyntaxError, match="at most 50 nested parentheses") as caught:
        Dtab.parse("/a => " + "(" * (nametree.MAX_NESTING + extra))
    assert caught.value.position == len("/a => ") + nametree.MAX_NESTING


def test_a_comment_ends_at_the_line_feed_only():
    assert Path.parse("/a # b\r/c\n # d") == Path.of("a")


def test_scanner_reads_a_production_and_stays_after_it():
    scanner = Scanner("/a/b => /c")
    assert scanner.elements() == (b"a", b"b")
    assert scanner.position == 4


EXACT: dict[str, Callable[[str], str]] = READ | {
    "tree": lambda text: nametree.show(nametree.parse(text), exact=True),
    "dentry": lambda text: Dentry.parse(text).show(exact=True),
    "dtab": lambda text: Dtab.parse(text).show(exact=True),
}

grammar_soup = st.text(alphabet="/ab*|&!~$()=>;#.01\\xX{} \n-")


def read_or_error(kind, text):
    try:
        return EXACT[kind](text)
    except NameSyntaxError as error:
        return error


@pytest.mark.parametrize("kind", READ)
@given(text=st.text() | grammar_soup)
def test_any_text_reads_or_is_a_syntax_error_inside_it(kind, text):
    result = read_or_error(kind, text)
    if isinstance(result, str):
        assert EXACT[kind](result) == result
        return
    at = result.position
    assert 0 <= at <= len(text)
    assert result.message.endswith(f" found at '{text[:at]}[{text[at : at + 1]}]{text[at + 1 :]}'")
