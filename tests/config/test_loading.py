from typing import Annotated, ClassVar, Self

from pydantic import model_validator

from linkerpy.config.fields import Many
from linkerpy.config.loading import read
from linkerpy.config.model import Model
from linkerpy.config.notyet import NotYet
from linkerpy.config.yaml import parse


class Part(Model):
    REMOVED: ClassVar[dict[str, str]] = {"old": "nothing"}

    low: int = 0
    high: int = 9
    new: Annotated[int, NotYet("novelties")] = 0

    @model_validator(mode="after")
    def _is_range(self) -> Self:
        if self.low > self.high:
            raise ValueError("low is above high")
        return self


class Whole(Model):
    parts: Many[Part]


def said(text, **options):
    reading = read(Whole, parse("f", text), **options)
    return (
        [mistake.show("f") for mistake in sorted(reading.mistakes)],
        [warning.show("f") for warning in reading.warnings],
        reading.model,
    )


def test_what_is_right_is_a_model():
    assert said("parts: [{low: 1}]") == ([], [], Whole(parts=[Part(low=1)]))


def test_an_unbuilt_feature_does_not_hide_an_object_s_own_mistake():
    mistakes, _, model = said("parts:\n- {low: 10, new: 1}")
    assert mistakes == [
        "f:2:3: low is above high",
        "f:2:13: `new` is not supported yet (novelties)",
    ]
    assert model is None


def test_unbuilt_features_may_be_let_pass():
    mistakes, _, model = said("parts: [{new: 1}]", unbuilt=True)
    assert mistakes == []
    assert model == Whole.model_construct(parts=(Part.model_construct(new=1),))


def test_removed_keys_are_warned_of_once_and_hide_nothing():
    mistakes, warnings, _ = said("parts:\n- {old: 1, hgh: 1}\n- {old: 2}")
    assert mistakes == ["f:2:12: unknown key `hgh`; did you mean `high`?"]
    assert warnings == [
        "f:2:4: `old` was removed: nothing",
        "f:3:4: `old` was removed: nothing",
    ]


def test_flaws_of_the_text_are_among_the_mistakes():
    mistakes, _, _ = said("parts: [{low: 1, low: 2}]")
    assert mistakes == ["f:1:18: key `low` is given twice, first in line 1"]
