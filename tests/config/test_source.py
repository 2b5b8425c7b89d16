import pytest

from linkerpy.config import yaml
from linkerpy.config.source import Spot


@pytest.mark.parametrize(
    ("text", "value", "offset", "spot"),
    [
        ("a: /x => @y", "/x => @y", 6, Spot(1, 10)),
        ("a: '/x => @y'", "/x => @y", 6, Spot(1, 11)),
        ('a: "/x => @y"', "/x => @y", 6, Spot(1, 11)),
        ("a: |\n   /x\n   => @y\n", "/x\n=> @y\n", 6, Spot(3, 7)),
        ("a: >-\n  /x\n\n  => @y\n", "/x\n=> @y", 6, Spot(4, 6)),
        ("a: |2-\n    /x\n", "  /x", 3, Spot(2, 6)),
        ("a: /x\n   => @y\n", "/x => @y", 6, Spot(2, 7)),
        ("a: /x =>", "/x =>", 5, Spot(1, 9)),
        ('a: "\\x2fx => @y"', "/x => @y", 6, Spot(1, 4)),
        ("a: ''", "", 0, Spot(1, 4)),
    ],
)
def test_a_character_of_a_value_is_found_in_the_text(text, value, offset, spot):
    source = yaml.parse("f", text)
    assert source.value["a"] == value
    assert source.char_spot(("a",), offset, value) == spot


def test_what_a_model_calls_a_list_may_be_its_only_element():
    source = yaml.parse("f", "a:\n  b: 1\n")
    assert source.key_spot(("a", 0, "b")) == Spot(2, 3)
    assert source.key_spot(("a", 0, "absent")) == Spot(1, 1)
    assert source.key_spot(("nothing",)) == Spot(1, 1)


def test_a_line_of_the_text_is_given_without_its_end():
    source = yaml.parse("f", "a: 1\nb: 2")
    assert [source.line(number) for number in (1, 2, 3)] == ["a: 1", "b: 2", ""]
