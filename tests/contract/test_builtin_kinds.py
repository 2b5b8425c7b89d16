"""What every built-in kind promises, whatever it is."""

import json
from pathlib import Path as File

import pytest

from linkerpy.app import schema
from linkerpy.config.fields import Flag, Text
from linkerpy.config.kinds import REGISTRY
from linkerpy.config.model import Choice
from linkerpy.config.yaml import parse
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.path import Path
from linkerpy.plugins import BUILTIN

ROWS = sorted(BUILTIN)
CORPUS = File(__file__).parent.parent / "compat"
schema.install()


@pytest.fixture(scope="module")
def definitions():
    return schema.json_schema()["$defs"]


@pytest.mark.parametrize(("family", "kind"), ROWS)
def test_a_row_names_a_class_of_that_kind(family, kind):
    chosen = REGISTRY.find(family, kind)
    assert chosen is not None
    assert issubclass(chosen, Choice)
    assert kind == chosen.KIND


@pytest.mark.parametrize(("family", "kind"), ROWS)
def test_a_kind_refuses_an_unknown_key(family, kind):
    chosen = REGISTRY.find(family, kind)
    with pytest.raises(ValueError, match="unknown key `noSuchKey`"):
        chosen.model_validate({chosen.KEY: kind, "noSuchKey": 1}, by_alias=True, by_name=False)


@pytest.mark.parametrize(("family", "kind"), ROWS)
def test_a_kind_is_immutable(family, kind):
    assert REGISTRY.find(family, kind).model_config["frozen"] is True


@pytest.mark.parametrize(("family", "kind"), ROWS)
def test_a_kind_is_in_the_schema_under_its_name_alone(family, kind, definitions):
    names = [definition_of(ref, definitions) for ref in definitions[family]["oneOf"]]
    key = REGISTRY.find(family, kind).KEY
    mine = [each for each in names if each["properties"][key] == {"const": kind}]
    assert len(mine) == 1
    assert mine[0]["additionalProperties"] is False


@pytest.mark.parametrize(("family", "kind"), ROWS)
def test_a_kind_says_what_it_is(family, kind):
    assert REGISTRY.find(family, kind).__dict__["__doc__"]


@pytest.mark.parametrize(("family", "kind"), ROWS)
def test_text_and_switches_are_read_as_files_spell_them(family, kind):
    """A bare `str` or `bool` would refuse unquoted numbers and words that linkerd takes."""
    plain = {Text.__origin__: "Text", Flag.__origin__: "Flag"}
    for name, field in REGISTRY.find(family, kind).model_fields.items():
        assert name == "kind" or field.annotation not in plain or field.metadata, name


BUILDING = (
    "accrual",
    "backoff",
    "balancer",
    "http.classifier",
    "http.identifier",
    "http.propagator",
    "interpreter",
    "labeler",
    "namer",
    "telemeter",
    "transformer",
)


@pytest.mark.parametrize(("family", "kind"), [row for row in ROWS if row[0] in BUILDING])
def test_a_kind_can_be_built_or_says_what_is_missing(family, kind):
    chosen = REGISTRY.find(family, kind)
    builds = next(owner for owner in chosen.__mro__ if "build" in owner.__dict__)
    assert chosen.NOT_YET or hasattr(builds, "KIND")


@pytest.mark.parametrize(
    "value",
    [
        {"kind": "io.l5d.header.token", "header": "x-name"},
        {"kind": "io.l5d.header"},
        {"kind": "io.l5d.methodAndHost", "httpUriInDst": True},
        {"kind": "io.l5d.path", "segments": 2, "consume": True},
        {"kind": "io.l5d.static", "path": "/x"},
    ],
    ids=lambda value: value["kind"],
)
def test_an_identifier_is_built_with_its_prefix(value):
    config = REGISTRY.find("http.identifier", value["kind"]).model_validate(value)
    assert callable(config.build(Path.of("svc"), Dtab.EMPTY))


def definition_of(ref, definitions):
    return definitions[ref["$ref"].removeprefix("#/$defs/")]


def test_the_schema_is_whole_json_whose_references_all_lead_somewhere(definitions):
    text = json.dumps(schema.json_schema())
    refs = {part.split('"')[0] for part in text.split('"$ref": "#/$defs/')[1:]}
    assert refs <= definitions.keys()
    assert "x-family" not in text


def test_the_schema_takes_every_file_of_the_corpus():
    jsonschema = pytest.importorskip("jsonschema")
    schema_ = schema.json_schema()
    jsonschema.Draft202012Validator.check_schema(schema_)
    validator = jsonschema.Draft202012Validator(schema_)
    for file in sorted(CORPUS.glob("*.yml")):
        values = parse(file.name, file.read_text()).value
        assert validator.is_valid(json.loads(json.dumps(values))), file.name
