"""Reads a configuration text with a model, and collects every mistake.

For `app.schema`, which says which model and adds the checks that span a whole file.
"""

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from linkerpy.config.model import Model
from linkerpy.config.notyet import TOLERATE
from linkerpy.config.report import Mistake, mistakes_of, removed_keys
from linkerpy.config.source import Loc, Source

M = TypeVar("M", bound=Model)


@dataclass(slots=True)
class Reading(Generic[M]):
    """What became of a text: a model unless something in it is wrong."""

    source: Source
    model: M | None = None
    mistakes: list[Mistake] = field(default_factory=list)
    warnings: list[Mistake] = field(default_factory=list)


def read(model: type[M], source: Source, *, unbuilt: bool = False) -> Reading[M]:
    """Check a text's values against a model; `unbuilt` lets features pass that are not built.

    Keys of older releases are taken out of the source's values.
    """
    reading = Reading[M](source)
    reading.mistakes += [Mistake(flaw.spot, flaw.message) for flaw in source.flaws]
    # A refused feature hides what an object's own checks would find, so these run without first.
    _check(model, reading, TOLERATE)
    if not unbuilt:
        _check(model, reading, {})
    reading.mistakes = sorted(set(reading.mistakes))  # both checks find most of them
    return reading


def _check(model: type[M], reading: Reading[M], context: dict[str, Any]) -> None:
    source = reading.source
    try:
        reading.model = model.model_validate(
            source.value, context=context, by_alias=True, by_name=False
        )
    except ValidationError as failed:
        reading.model = None
        removed = removed_keys(failed, source)
        if removed:
            for loc, warning in removed:
                reading.warnings.append(warning)
                _remove(source.value, loc)
            _check(model, reading, context)
        else:
            reading.mistakes += mistakes_of(failed, source)


def _remove(value: Any, loc: Loc) -> None:
    for step in loc[:-1]:
        value = value[step]
    value.pop(loc[-1], None)
