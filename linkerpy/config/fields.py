"""Field types: the values that keys hold, as linkerd's reference describes them.

For every configuration model. Each type says in its errors what it wants; where in the file it
wants it, `report` adds.

Source: config spec, section 2.
"""

import ipaddress
import os
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from pydantic import (
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from linkerpy.naming.dtab import Dtab
from linkerpy.naming.path import Path
from linkerpy.naming.pattern import PathPattern

V = TypeVar("V")

MASK = "********"
"""What stands for a secret wherever configuration is shown."""


class PlainInt(int):
    """A whole number that remembers its spelling, for keys that want text (`label: 0080`)."""

    text: str


class PlainFloat(float):
    """A number that remembers its spelling."""

    text: str


class PlainWord(str):
    """An unquoted `yes`, `no`, `on` or `off` in any case: a switch, or just a word."""

    __slots__ = ()


_WORDS = {"yes": True, "on": True, "no": False, "off": False}


def as_text(value: Any) -> Any:
    """An unquoted scalar as it was spelled; any other value unchanged."""
    match value:
        case bool():
            return str(value).lower()
        case PlainInt() | PlainFloat():
            return value.text
        case int() | float():
            return str(value)
        case PlainWord():
            return str(value)
    return value


def as_flag(value: Any) -> Any:
    """An unquoted word for yes or no as that; any other value unchanged."""
    return _WORDS[value.lower()] if isinstance(value, PlainWord) else value


def _text_of(value: Any) -> str:
    text = as_text(value)
    if not isinstance(text, str):
        raise ValueError("must be text")
    return text


def _parsed(parse: Callable[[str], V]) -> Callable[[Any], V]:
    """A validator that takes text, or what the text would be parsed to."""

    def validate(value: Any) -> V:
        if value is None or isinstance(value, (str, int, float, list, dict)):
            return parse(_text_of(value))
        return value  # type: ignore[no-any-return]

    return validate


def _port(value: Any) -> int:
    if isinstance(value, str):
        raise ValueError(f"must be a port number without quotes, not the text {value!r}")
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("must be a port number")
    if not 0 <= value <= 65535:
        raise ValueError(f"{value} outside valid range for ports (0 to 65535)")
    return int(value)


def _ip(value: Any) -> str:
    text = _text_of(value)
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError(f"must be an IP address, not {text!r}") from None


def _file(value: Any) -> str:
    text = _text_of(value)
    if not os.path.isfile(text):
        raise ValueError(f"{text} is not a file")
    return text


def _directory(value: Any) -> str:
    text = _text_of(value)
    if not os.path.isdir(text):
        raise ValueError(f"{text} is not a directory")
    return text


def _show_ip(ip: str) -> str:
    return "localhost" if ip in {"127.0.0.1", "::1"} else ip


class _OrOne:
    """Takes the only element of a list for the list."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self._as_list, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        several = handler(schema)
        return {"anyOf": [several, several["items"]]}

    @staticmethod
    def _as_list(value: Any) -> Any:
        return value if isinstance(value, (list, tuple)) else [value]


_STRING = WithJsonSchema({"type": "string"})

Text = Annotated[
    str, BeforeValidator(as_text), WithJsonSchema({"type": ["string", "number", "boolean"]})
]
"""Text; an unquoted number or word stands for itself, as it was spelled."""

Flag = Annotated[
    bool,
    BeforeValidator(as_flag),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, {"enum": list(_WORDS)}]}),
]
"""`true` or `false`; unquoted `yes`, `no`, `on` and `off` too."""

Port = Annotated[
    int,
    PlainValidator(_port),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": 65535}),
]
"""A port number; 0 is any free port."""

Ip = Annotated[str, PlainValidator(_ip), PlainSerializer(_show_ip), _STRING]
"""An IP literal, in canonical spelling."""

PathField = Annotated[
    Path,
    PlainValidator(_parsed(Path.parse)),
    PlainSerializer(Path.show),
    WithJsonSchema({"type": "string", "pattern": "^\\s*/"}),
]
"""A path."""

DtabField = Annotated[
    Dtab, PlainValidator(_parsed(Dtab.parse)), PlainSerializer(Dtab.show), _STRING
]
"""A dtab."""

PatternField = Annotated[
    PathPattern, PlainValidator(_parsed(PathPattern.parse)), PlainSerializer(str), _STRING
]
"""A path pattern with captures."""

File = Annotated[str, PlainValidator(_file), _STRING]
"""The name of a file that exists when the configuration is loaded."""

Directory = Annotated[str, PlainValidator(_directory), _STRING]
"""The name of a directory that exists when the configuration is loaded."""

Secret = Annotated[Text, PlainSerializer(lambda _: MASK)]
"""Text that is never shown."""

Count = Annotated[int, Field(ge=0)]
"""A whole number, zero or more."""

Positive = Annotated[int, Field(ge=1)]
"""A whole number, one or more."""

Number = Annotated[float, Field(allow_inf_nan=False)]
"""A number."""

Share = Annotated[float, Field(ge=0, le=1)]
"""A number from 0 to 1."""

Many = Annotated[tuple[V, ...], Field(strict=False)]
"""A list."""

OneOrMany = Annotated[tuple[V, ...], Field(strict=False), _OrOne()]
"""A list, or its only element."""


def seconds(ms: int | None) -> float | None:
    """Milliseconds of a file as the seconds used inside."""
    return None if ms is None else ms / 1000
