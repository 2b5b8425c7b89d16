from importlib.metadata import EntryPoint
from typing import Annotated, ClassVar

import pytest
from pydantic import ValidationError

from linkerpy.config import kinds
from linkerpy.config.fields import Many
from linkerpy.config.kinds import BrokenKindError, DuplicateKindError, KindOf, Registry
from linkerpy.config.model import KindModel, Model


class Square(KindModel):
    KIND: ClassVar[str] = "square"
    side: int


class Cube(KindModel):
    KIND: ClassVar[str] = "cube"
    EXPERIMENTAL: ClassVar[str] = "/#{prefix} shape"
    prefix: str = ""
    experimental: bool = False


class Blob(KindModel):
    KIND: ClassVar[str] = "blob"
    NOT_YET: ClassVar[str] = "blobs"


class Drawing(Model):
    shape: Annotated[Square | Cube, KindOf("shape")]
    more: Many[Annotated[KindModel, KindOf("shape", default="square")]] = ()


@pytest.fixture(autouse=True)
def registry(monkeypatch):
    registry = Registry()
    for name in ("Square", "Cube", "Blob"):
        registry.add("shape", name.lower(), f"{__name__}:{name}")
    monkeypatch.setattr(kinds, "REGISTRY", registry)
    return registry


def errors_of(value, **options):
    with pytest.raises(ValidationError) as raised:
        Drawing.model_validate(value, **options)
    return [(error["loc"], error["type"]) for error in raised.value.errors()]


def test_a_kind_is_read_by_its_class():
    drawing = Drawing.model_validate(
        {"shape": {"kind": "square", "side": 3}, "more": [{"side": 4}]}
    )
    assert drawing.shape == Square(kind="square", side=3)
    assert drawing.more == (Square(kind="square", side=4),)


def test_an_instance_passes_as_it_is():
    square = Square(kind="square", side=1)
    assert Drawing(shape=square).shape is square


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ({"shape": {}}, (("shape", "kind"), "missing")),
        ({"shape": {"kind": None}}, (("shape", "kind"), "missing")),
        ({"shape": {"kind": "circle"}}, (("shape", "kind"), "unknown_kind")),
        ({"shape": {"kind": ["square"]}}, (("shape", "kind"), "unknown_kind")),
        ({"shape": "square"}, (("shape",), "not_mapping")),
        ({"shape": {"kind": "square", "side": "x"}}, (("shape", "side"), "int_type")),
        ({"shape": {"kind": "square", "side": 1, "sid": 2}}, (("shape", "sid"), "unknown_key")),
        ({"shape": {"kind": "cube"}}, (("shape", "kind"), "experimental")),
        ({"shape": {"kind": "blob"}}, (("shape", "kind"), "not_yet")),
    ],
)
def test_a_mistake_is_located_at_its_very_key(value, error):
    assert errors_of(value) == [error]


def test_python_names_of_keys_are_no_keys():
    class Long(KindModel):
        KIND: ClassVar[str] = "long"
        two_words: int = 0

    kinds.REGISTRY._rows["shape", "long"] = "nowhere:Long"
    kinds.REGISTRY._loaded["shape", "long"] = Long
    assert errors_of({"shape": {"kind": "long", "two_words": 1}}) == [
        (("shape", "two_words"), "unknown_key")
    ]


def test_every_mistake_of_nested_kinds_is_found():
    value = {"shape": {"kind": "square"}, "more": [{"side": 1}, {"side": "x", "kid": 1}]}
    assert errors_of(value) == [
        (("shape", "side"), "missing"),
        (("more", 1, "side"), "int_type"),
        (("more", 1, "kid"), "unknown_key"),
    ]


def test_an_experimental_kind_may_be_asked_for():
    shape = {"kind": "cube", "experimental": True}
    assert isinstance(Drawing.model_validate({"shape": shape}).shape, Cube)


def test_the_experimental_gate_names_the_prefix():
    with pytest.raises(ValidationError, match="The /#/box shape is experimental"):
        Drawing.model_validate({"shape": {"kind": "cube", "prefix": "/box"}})


def test_unbuilt_kinds_pass_when_tolerated():
    context = {"tolerate_not_yet": True}
    drawing = Drawing.model_validate({"shape": {"kind": "blob"}}, context=context)
    assert isinstance(drawing.shape, Blob)


def test_the_same_kind_twice_is_refused_at_once(registry):
    registry.add("shape", "square", f"{__name__}:Square")
    with pytest.raises(DuplicateKindError, match="shape kind 'square' is both"):
        registry.add("shape", "square", "elsewhere:Square")


def test_the_same_kind_may_be_in_two_families(registry):
    registry.add("hole", "square", "elsewhere:Square")
    assert registry.of("hole") == ["square"]
    assert registry.families() == ["hole", "shape"]


@pytest.mark.parametrize("where", ["no.such.module:X", f"{__name__}:NoSuch", f"{__name__}:pytest"])
def test_a_class_that_cannot_be_had_is_said_to_be_broken(registry, where):
    registry.add("shape", "broken", where)
    with pytest.raises(BrokenKindError, match="shape kind 'broken'"):
        registry.find("shape", "broken")


def test_a_module_is_imported_only_when_its_kind_is_named(registry):
    registry.add("shape", "later", "no.such.module:X")
    assert registry.find("shape", "square") is Square


def entries(monkeypatch, *pairs):
    found = [EntryPoint(name, value, kinds.GROUP) for name, value in pairs]
    monkeypatch.setattr(kinds, "entry_points", lambda group: found)


def test_third_parties_add_kinds_by_entry_point(registry, monkeypatch):
    entries(monkeypatch, ("shape:com.example:disc", f"{__name__}:Square"))
    registry.install_entry_points()
    assert registry.find("shape", "com.example:disc") is Square


def test_an_entry_point_cannot_replace_a_kind(registry, monkeypatch):
    entries(monkeypatch, ("shape:square", "evil:Square"))
    with pytest.raises(DuplicateKindError):
        registry.install_entry_points()


def test_an_entry_point_must_name_family_and_kind(registry, monkeypatch):
    entries(monkeypatch, ("square", f"{__name__}:Square"))
    with pytest.raises(BrokenKindError, match="family:kind"):
        registry.install_entry_points()
