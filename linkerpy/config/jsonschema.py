"""The JSON Schema of configuration models, for editors that complete and check as one types.

A family of kinds is one definition, an alternative for each kind, to which all its places refer.
"""

from collections.abc import Sequence
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from linkerpy.config.kinds import FAMILY, REGISTRY
from linkerpy.config.meaning import as_files_say, meaning
from linkerpy.config.model import Model
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.path import Path

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Generator(GenerateJsonSchema):
    """Says what keys mean, and shows defaults as files spell them where they fit into a line."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """The schema of an object."""
        made = super().model_schema(schema)
        if "description" in made:
            made["description"] = as_files_say(made["description"])
        model = schema["cls"]
        for name, field in model.model_fields.items():
            key = made["properties"][field.alias or name]
            said = [meaning(model, name), key.get("description", "")]
            if any(said):
                key["description"] = " ".join(filter(None, said))
        return made

    def encode_default(self, dft: Any) -> Any:
        """The default of a key."""
        return dft.show() if isinstance(dft, (Dtab, Path)) else super().encode_default(dft)


def describe(title: str, roots: Sequence[type[Model]]) -> dict[str, Any]:
    """The schema of files that hold any one of `roots`.

    Raises: BrokenKindError.
    """
    kinds = {family: _classes(family) for family in REGISTRY.families()}
    models = list(dict.fromkeys([*roots, *(c for row in kinds.values() for c in row)]))
    refs, schema = models_json_schema(
        [(model, "validation") for model in models], by_alias=True, schema_generator=_Generator
    )
    definitions = schema["$defs"]
    for family, classes in kinds.items():
        definitions[family] = {"oneOf": [refs[model, "validation"] for model in classes]}
    alternatives = [refs[root, "validation"] for root in roots]
    return {
        "$schema": DIALECT,
        "title": title,
        "anyOf": alternatives,
        "$defs": _resolved(definitions),
    }


def _classes(family: str) -> list[type[Model]]:
    found = [REGISTRY.find(family, kind) for kind in REGISTRY.of(family)]
    return [model for model in found if model is not None]


def _resolved(schema: Any) -> Any:
    """The schema with a reference wherever a family is named, and without what says nothing."""
    if isinstance(schema, list):
        return [_resolved(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    resolved = {
        key: _resolved(item) for key, item in schema.items() if not _says_nothing(key, item)
    }
    if FAMILY in schema:
        resolved["$ref"] = f"#/$defs/{schema[FAMILY]}"
    return resolved


def _says_nothing(key: str, item: Any) -> bool:
    """Whether an item is a title made from the key's name, or a default that takes many lines."""
    return (
        key == FAMILY
        or (key == "title" and isinstance(item, str))
        or (key == "default" and (item is None or isinstance(item, (dict, list))))
    )
