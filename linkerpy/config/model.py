"""Model: the base of every configuration object.

Configuration is data: frozen, checked when the file is loaded, and never the running thing itself.
Keys keep linkerd's names and units; attributes are their snake_case.
"""

from typing import Any, ClassVar, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails, InitErrorDetails, PydanticCustomError
from pydantic_core.core_schema import ErrorType

UNKNOWN_KEY = "unknown_key"
"""Error type: a key that the object does not have. Context: `key`, `known`, `moved`."""
MISSING_KEY = "missing_key"
"""Error type: a required key is missing, in words of its own."""
REMOVED_KEY = "removed_key"
"""Error type: a key that older releases had. Context: `key`, `instead`."""


def key_name(attribute: str) -> str:
    """The key of an attribute: camelCase, and kilobytes as `KB`."""
    first, *rest = attribute.split("_")
    key = first + "".join([word.capitalize() for word in rest])
    return key[:-2] + "KB" if key.endswith("Kb") else key


class Model(BaseModel):
    """A configuration object: unknown keys, wrong types and changes are refused."""

    model_config = ConfigDict(
        alias_generator=key_name,
        arbitrary_types_allowed=True,
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        strict=True,
        validate_default=False,
    )

    REMOVED: ClassVar[dict[str, str]] = {}
    """Keys of older releases, and what there is instead; they are accepted with a warning."""

    MOVED: ClassVar[dict[str, str]] = {}
    """Keys of older releases that cannot be ignored, and what to do; they are refused."""

    NEEDS: ClassVar[dict[str, str]] = {}
    """What to say when a required key is missing, where linkerd has words of its own for it."""

    @classmethod
    def key_names(cls) -> list[str]:
        """The keys of this object, as files spell them."""
        return [field.alias or name for name, field in cls.model_fields.items()]

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """The schema, with removed keys marked as such, and a kind's name as its only value."""
        made = handler(schema)
        properties = handler.resolve_ref_schema(made).setdefault("properties", {})
        for key, instead in cls.REMOVED.items():
            properties[key] = {"deprecated": True, "description": f"Removed: {instead}."}
        if issubclass(cls, Choice) and hasattr(cls, "KIND") and cls.KEY in properties:
            properties[cls.KEY] = {"const": cls.KIND}
        return made

    @model_validator(mode="wrap")
    @classmethod
    def _read_mapping(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Take null for unset, and let an unknown key's error say which keys there are."""
        if isinstance(data, dict):
            unset = [key for key in cls.key_names() if key in data and data[key] is None]
            data = {key: value for key, value in data.items() if key not in unset}
        try:
            return handler(data)
        except ValidationError as failed:
            errors = [cls._explain(error) for error in error_details(failed)]
        raise ValidationError.from_exception_data(cls.__name__, errors)

    @classmethod
    def _explain(cls, error: InitErrorDetails) -> InitErrorDetails:
        """Say in an error about one of this object's own keys what only the class knows."""
        loc = error.get("loc", ())
        if len(loc) != 1:
            return error
        key, saying = str(loc[0]), None
        if error["type"] == "missing" and key in cls.NEEDS:
            saying = PydanticCustomError(MISSING_KEY, "{text}", {"text": cls.NEEDS[key]})
        elif error["type"] == "extra_forbidden" and key in cls.REMOVED:
            about: dict[str, Any] = {"key": key, "instead": cls.REMOVED[key]}
            saying = PydanticCustomError(REMOVED_KEY, "`{key}` was removed: {instead}", about)
        elif error["type"] == "extra_forbidden":
            about = {"key": key, "known": cls.key_names(), "moved": cls.MOVED.get(key, "")}
            saying = PydanticCustomError(UNKNOWN_KEY, "unknown key `{key}`", about)
        if saying is None:
            return error
        return InitErrorDetails(type=saying, loc=loc, input=error["input"])


class Choice(Model):
    """An object whose class was chosen by one of its keys; see `linkerpy.config.kinds`."""

    KEY: ClassVar[str] = "kind"
    """The key that chose the class."""

    KIND: ClassVar[str]
    """That key's value in configuration files."""

    NOT_YET: ClassVar[str] = ""
    """What is missing for the kind to work; empty when it works."""

    EXPERIMENTAL: ClassVar[str] = ""
    """What an experimental kind is called in the error that asks for `experimental: true`.

    `{prefix}` in it is the object's full prefix.
    """


class KindModel(Choice):
    """A plugin's configuration. `kind` chose the class and is kept for re-serialising."""

    kind: str

    def build(self, *args: Any, **kwargs: Any) -> Any:
        """Make the running thing; each family says of what."""
        raise NotImplementedError(type(self).__name__)


_PYDANTIC = frozenset(get_args(ErrorType))


def error_details(failed: ValidationError) -> list[InitErrorDetails]:
    """The errors of a validation, in the form in which they can be raised again."""
    return [_detail(error) for error in failed.errors(include_url=False)]


def _detail(error: ErrorDetails) -> InitErrorDetails:
    context = error.get("ctx", {})
    if error["type"] not in _PYDANTIC:
        custom = PydanticCustomError(error["type"], error["msg"], context)
        return InitErrorDetails(type=custom, loc=error["loc"], input=error["input"])
    detail = InitErrorDetails(type=error["type"], loc=error["loc"], input=error["input"])
    if context:
        detail["ctx"] = context
    return detail
