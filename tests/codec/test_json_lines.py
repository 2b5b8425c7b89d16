import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.codec.json_lines import JsonLines, NotJson, TooLong, quote, read_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


def test_a_value_is_told_as_soon_as_its_line_ends_and_blank_lines_are_none():
    lines = JsonLines()
    assert list(lines.feed(b'{"a":')) == []
    assert list(lines.feed(b"1}")) == []
    assert list(lines.feed(b"\n\n \r\n[2]\n3")) == [{"a": 1}, [2]]
    assert list(lines.end()) == [3]


@given(st.lists(VALUES, max_size=5), st.lists(st.integers(1, 20), max_size=40), st.booleans())
def test_where_the_bytes_are_cut_makes_no_difference(values, cuts, last_line_ends):
    text = b"\n".join([json.dumps(value).encode() for value in values])
    text += b"\n" if values and last_line_ends else b""
    lines, found = JsonLines(), []
    for cut in cuts:
        found += lines.feed(text[:cut])
        text = text[cut:]
    found += lines.feed(text)
    found += lines.end()
    assert found == values


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b"no such namespace\n", "not JSON: no such namespace"),
        (b"{\n", "not JSON: {"),
        (b'{"weight": NaN}\n', 'not JSON: {"weight": NaN}'),
        (b"\xff\n", "not JSON: \N{REPLACEMENT CHARACTER}"),
        (b"[" * 100_000 + b"\n", "nested too deep: " + "[" * 200 + " …"),
        (b"1" * 10_000 + b"\n", "not JSON: " + "1" * 200 + " …"),
    ],
)
def test_what_is_no_json_is_quoted_after_the_values_before_it(line, text):
    values, lines = [], JsonLines()
    with pytest.raises(NotJson) as caught:
        values.extend(lines.feed(b"1\n" + line))
    assert values == [1]
    assert str(caught.value) == text


@pytest.mark.parametrize("data", [b"1" * 11, b"1" * 11 + b"\n", b"2\n" + b"1" * 11])
def test_a_line_is_bounded_whether_it_ends_or_not(data):
    with pytest.raises(TooLong, match="longer than 10 bytes"):
        list(JsonLines(10).feed(data))


def test_a_line_that_ends_without_a_line_end_is_read_like_any_other():
    lines = JsonLines()
    list(lines.feed(b"oops"))
    with pytest.raises(NotJson, match="oops"):
        list(lines.end())
    assert read_json(b" [1] ") == [1]


def test_a_quotation_is_one_printable_line():
    assert quote(b"a\tb\x1b[31m\nc ") == "a b [31m c"
