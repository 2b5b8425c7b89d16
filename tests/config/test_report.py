from typing import Annotated

import pytest
from pydantic import AfterValidator, Field, ValidationError

from linkerpy.config.model import Model
from linkerpy.config.report import ConfigError, Mistake, mistakes_of
from linkerpy.config.source import Spot
from linkerpy.config.yaml import parse


def _complain(value: int) -> int:
    raise ValueError(f"{value} will not do" if value else "`size` must not be naught")


class Thing(Model):
    name: Annotated[str, Field(min_length=3)] = ""
    size: Annotated[int, AfterValidator(_complain)] = 0


def said(text):
    source = parse("f", text)
    with pytest.raises(ValidationError) as raised:
        Thing.model_validate(source.value)
    return [mistake.show("f") for mistake in mistakes_of(raised.value, source)]


def test_words_that_are_not_known_better_are_pydantic_s():
    assert said("name: ab") == ["f:1:7: `name`: string should have at least 3 characters"]


def test_a_complaint_is_put_after_its_key_unless_it_names_it():
    assert said("size: 1") == ["f:1:7: `size`: 1 will not do"]
    assert said("size: 0") == ["f:1:7: `size` must not be naught"]


def test_a_file_that_is_no_object_at_all_has_a_place_too():
    assert said("[]") == ["f:1:1: must be a mapping, not a list"]


def test_a_mistake_shows_where_it_is():
    assert Mistake(Spot(3, 5), "wrong").show("l5d.yml") == "l5d.yml:3:5: wrong"


def test_a_caret_stands_under_its_character_tabs_included():
    mistake = Mistake(Spot(1, 4), "wrong", "\t: @x")
    assert mistake.show("f").splitlines() == ["f:1:4: wrong", "    \t: @x", "    \t  ^"]


def test_the_mistakes_of_a_file_are_in_file_order_and_said_once():
    late, early = Mistake(Spot(10, 1), "late"), Mistake(Spot(9, 7), "early")
    error = ConfigError("f", [late, early, late])
    assert str(error) == "f:9:7: early\nf:10:1: late"
