"""Configuration files as people have them: every key and every kind, in files that must load.

What is refused may only be refused for not being built; `test_the_corpus_sets_every_key` keeps the
corpus whole.
"""

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from linkerpy.app import schema
from linkerpy.config import yaml
from linkerpy.config.kinds import REGISTRY
from linkerpy.config.loading import read
from linkerpy.config.model import Model
from linkerpy.plugins import BUILTIN

HERE = Path(__file__).parent
FILES = sorted([*HERE.glob("*.yml"), *HERE.glob("*.json")])
CONF = sorted((HERE.parent.parent / "conf").glob("*.yml"))


@pytest.fixture(autouse=True)
def _here(monkeypatch):
    monkeypatch.chdir(HERE)


def model_of(file: Path) -> Model:
    schema.install()
    source = yaml.parse(file.name, file.read_text())
    reading = read(schema.shape_of(source.value), source, unbuilt=True)
    assert reading.model is not None, [mistake.show(file.name) for mistake in reading.mistakes]
    return reading.model


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_is_refused_only_for_what_is_not_built(file):
    mistakes = schema.check(file.name, file.read_text()).mistakes
    others = [m.show(file.name) for m in mistakes if "not supported yet" not in m.message]
    assert others == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_shown_as_json_is_read_back_as_the_same_configuration(file):
    model = model_of(file)
    shown = schema.to_json(model)
    again = type(model).model_validate(
        unmasked(shown), context={"tolerate_not_yet": True}, by_alias=True, by_name=False
    )
    assert schema.to_json(again) == shown


@pytest.mark.parametrize("file", CONF, ids=lambda file: file.stem)
def test_the_configurations_that_are_shipped_load_without_a_warning(file):
    assert schema.load(str(file)).warnings == []


def unmasked(value: Any) -> Any:
    """`localhost` is how `/config.json` shows the loopback address, which files may not say."""
    if isinstance(value, dict):
        return {
            key: "127.0.0.1" if (key, item) == ("ip", "localhost") else unmasked(item)
            for key, item in value.items()
        }
    return [unmasked(item) for item in value] if isinstance(value, list) else value


def models_in(value: Any) -> list[Model]:
    match value:
        case BaseModel():
            inner = [getattr(value, name) for name in value.model_fields_set]
            return [value, *(model for item in inner for model in models_in(item))]
        case tuple() | list():
            return [model for item in value for model in models_in(item)]
        case dict():
            return models_in(list(value.values()))
    return []


def test_the_corpus_sets_every_key_of_every_model():
    used = {
        (owner.__name__, name)
        for file in FILES
        for model in models_in(model_of(file))
        for owner in type(model).__mro__
        if issubclass(owner, Model)
        for name in model.model_fields_set & owner.model_fields.keys()
    }
    wanted = {
        (owner.__name__, name) for model in reachable() for name, owner in declared(model).items()
    }
    assert wanted - used == set()


def declared(model: type[Model]) -> dict[str, type[Model]]:
    """The class that first declares each key of a model."""
    return {
        name: next(
            owner
            for owner in reversed(model.__mro__)
            if issubclass(owner, Model) and name in owner.model_fields
        )
        for name in model.model_fields
    }


def reachable() -> set[type[Model]]:
    """Every class of which the corpus, the kinds or the files themselves speak."""
    kinds = {REGISTRY.find(family, kind) for family, kind in BUILTIN}
    tops = {schema.Linker, schema.Namerd, schema.LinkerTcp}
    inner = {type(model) for file in FILES for model in models_in(model_of(file))}
    return {model for model in kinds | tops | inner if model is not None}


def test_the_corpus_names_every_kind():
    named = {type(model) for file in FILES for model in models_in(model_of(file))}
    assert {row for row in BUILTIN if REGISTRY.find(*row) not in named} == set()
