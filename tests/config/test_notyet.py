from typing import Annotated

import pytest
from pydantic import ValidationError

from linkerpy.config.model import Model
from linkerpy.config.notyet import TOLERATE, NotYet


class Partly(Model):
    old: int = 0
    new: Annotated[int, NotYet("novelties", inert=(1,), inert_if=lambda value: value < 0)] = 7


@pytest.mark.parametrize("value", [{}, {"old": 1}, {"new": 1}, {"new": -5}])
def test_what_asks_for_nothing_new_passes(value):
    Partly.model_validate(value)


def test_what_is_not_built_is_refused():
    with pytest.raises(ValidationError, match=r"not supported yet \(novelties\)"):
        Partly.model_validate({"new": 2})


def test_what_is_not_built_is_still_checked():
    with pytest.raises(ValidationError, match="valid integer"):
        Partly.model_validate({"new": "2"}, context=TOLERATE)


def test_what_is_not_built_passes_when_tolerated():
    assert Partly.model_validate({"new": 2}, context=TOLERATE).new == 2
