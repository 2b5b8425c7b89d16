import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkerpy.config import yaml
from linkerpy.config.source import SourceError, Spot


def value_of(text):
    return yaml.parse("f", text).value


def test_json_has_the_same_places_tabs_included():
    source = yaml.parse("f", '{\n\t"a": [1,\t{"b": 2}]\n}')
    assert source.value == {"a": [1, {"b": 2}]}
    assert source.keys["a", 1, "b"] == Spot(2, 12)


def test_json_text_is_json_s_own():
    assert value_of('{"a": "\\ud83d\\ude00\\/\x7f", "b": 1e2}') == {"a": "😀/\x7f", "b": 100.0}


@pytest.mark.parametrize(
    "text", ["{'a': 1}", "{a: 1}", '{"a": 1,}', '{"a": 01}', '{"a": Infinity}', '{"a": "\t"}', "{"]
)
def test_what_is_nearly_json_is_refused(text):
    with pytest.raises(SourceError, match="not JSON"):
        value_of(text)


def test_a_mistake_is_found_in_its_place():
    with pytest.raises(SourceError) as raised:
        value_of('{\n "a": tru\n}')
    assert raised.value.spot == Spot(2, 7)


def test_the_value_of_a_key_given_again_is_stepped_over():
    source = yaml.parse("f", '{"a": 1, "a": {"b": [2, "}"]}, "c": 3}')
    assert source.value == {"a": 1, "c": 3}
    assert [flaw.spot for flaw in source.flaws] == [Spot(1, 10)]


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(), PLAIN, max_size=4), st.booleans())
def test_any_json_is_read_as_json(value, ascii_only):
    assert value_of(json.dumps(value, ensure_ascii=ascii_only, indent="\t")) == value
