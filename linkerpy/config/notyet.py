"""NotYet: marks a key whose feature is not built.

Such a key is checked like any other and then refused, so that no setting is silently ignored. When
the feature is built, its marker goes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

NOT_YET = "not_yet"
"""Error type: the feature is not built. Context: `what`."""

TOLERATE = {"tolerate_not_yet": True}
"""Validation context under which marked keys and kinds pass."""


def not_yet(what: str) -> PydanticCustomError:
    """The error that says that `what` is not built."""
    return PydanticCustomError(NOT_YET, "not supported yet ({what})", {"what": what})


def tolerated(info: ValidationInfo) -> bool:
    """Whether this validation lets marked keys and kinds pass."""
    return bool(info.context and info.context.get("tolerate_not_yet"))


@dataclass(frozen=True, slots=True)
class NotYet:
    """The annotated key may only hold an inert value: one that asks for what happens anyway."""

    what: str
    """The missing feature, for the message."""
    inert: tuple[Any, ...] = ()
    inert_if: Callable[[Any], bool] = lambda value: False
    """For inert values that are too many to list."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """The annotated type's schema with the refusal after it."""
        return core_schema.with_info_after_validator_function(self._refuse, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """The annotated type's schema with a word of warning."""
        return {**handler(schema), "description": f"Not supported yet ({self.what})."}

    def _refuse(self, value: Any, info: ValidationInfo) -> Any:
        if value in self.inert or self.inert_if(value) or tolerated(info):
            return value
        raise not_yet(self.what)
