from typing import Annotated, ClassVar

import pytest

from linkerpy.config import jsonschema, kinds
from linkerpy.config.fields import DtabField, Many, OneOrMany, Port
from linkerpy.config.kinds import KindOf, Registry
from linkerpy.config.model import KindModel, Model
from linkerpy.config.notyet import NotYet
from linkerpy.naming.dtab import Dtab


class Square(KindModel):
    KIND: ClassVar[str] = "square"
    side: int


class Root(Model):
    shape: OneOrMany[Annotated[KindModel, KindOf("shape")]]
    port: Port = 80
    dtab: DtabField = Dtab.parse("/a => /b")
    names: Many[Annotated[int, NotYet("names")]] = ()
    colour: Annotated[str, NotYet("colours")] = ""
    """What it looks like."""


@pytest.fixture
def schema(monkeypatch):
    registry = Registry()
    registry.add("shape", "square", f"{__name__}:Square")
    for module in (kinds, jsonschema):
        monkeypatch.setattr(module, "REGISTRY", registry)
    return jsonschema.describe("title", [Root])


def test_the_root_is_one_of_the_files(schema):
    assert schema["title"] == "title"
    assert schema["anyOf"] == [{"$ref": "#/$defs/Root"}]


def test_a_family_is_one_of_its_kinds_and_referred_to(schema):
    family = {"$ref": "#/$defs/shape"}
    assert schema["$defs"]["shape"] == {"oneOf": [{"$ref": "#/$defs/Square"}]}
    assert schema["$defs"]["Root"]["properties"]["shape"] == {
        "anyOf": [{"type": "array", "items": family}, family]
    }


def test_a_kind_is_told_by_its_name(schema):
    square = schema["$defs"]["Square"]
    assert square["properties"]["kind"] == {"const": "square"}
    assert square["required"] == ["kind", "side"]
    assert square["additionalProperties"] is False


def test_keys_have_their_ranges_and_their_defaults_as_files_spell_them(schema):
    properties = schema["$defs"]["Root"]["properties"]
    assert properties["port"] == {"type": "integer", "minimum": 0, "maximum": 65535, "default": 80}
    assert properties["dtab"] == {"type": "string", "default": "/a=>/b"}
    assert properties["names"]["items"]["description"] == "Not supported yet (names)."


def test_keys_say_what_they_mean_and_what_is_not_built(schema):
    properties = schema["$defs"]["Root"]["properties"]
    assert "description" not in properties["port"]
    meant = "What it looks like. Not supported yet (colours)."
    assert properties["colour"]["description"] == meant
