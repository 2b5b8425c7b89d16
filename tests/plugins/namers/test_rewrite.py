"""Namer `io.l5d.rewrite`."""

import pytest
from pydantic import ValidationError

from linkerpy.core.activity import Failed, Ok
from linkerpy.naming.nametree import NEG, Leaf
from linkerpy.naming.path import Path
from linkerpy.plugins.namers.rewrite import RewriteConfig


def build(pattern, name):
    keys = {"kind": "io.l5d.rewrite", "prefix": "/rewrite", "pattern": pattern, "name": name}
    return RewriteConfig.model_validate(keys).build(None)


@pytest.mark.parametrize(
    ("pattern", "name", "path", "result"),
    [
        ("/{foo}/*/three", "/success/{foo}", "/one/two/three", "/success/one"),
        ("/one/two", "/success", "/one/two/three", "/success"),
        ("/one/*/four", "/success", "/one/two/three", None),
        ("/one/*/*/*", "/success", "/one/two/three", None),
        ("/foo/{A}/*/{B}:http", "/{B}/{A}", "/foo/boo/bar/bas:http", "/bas/boo"),
        ("/{a}", "/{a}", "/\\x2f\\x41", "/\\x2f\\x41"),
        ("/", "/all", "/x", "/all"),
    ],
)
def test_rewrite(pattern, name, path, result):
    expected = NEG if result is None else Leaf(Path.parse(result))
    assert build(pattern, name).lookup(Path.parse(path)).sample() == Ok(expected)


@pytest.mark.parametrize("name", ["/a/{missing}", "no-slash", "/{a}/"])
def test_a_result_that_is_no_path_fails_the_lookup(name):
    state = build("/{a}", name).lookup(Path.parse("/x")).sample()
    assert isinstance(state, Failed)
    assert "expected but" in str(state.error)


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("prefix", "The 'prefix' property is required for the io.l5d.rewrite namer."),
        ("pattern", "Field required"),
        ("name", "Field required"),
    ],
)
def test_every_key_is_required(missing, message):
    keys = {"kind": "io.l5d.rewrite", "prefix": "/r", "pattern": "/a", "name": "/b"}
    del keys[missing]
    with pytest.raises(ValidationError) as caught:
        RewriteConfig.model_validate(keys)
    assert [(error["loc"], error["msg"]) for error in caught.value.errors()] == [
        ((missing,), message)
    ]


def test_names_are_below_its_prefix():
    keys = {"kind": "io.l5d.rewrite", "prefix": "/r", "pattern": "/a", "name": "/b"}
    assert RewriteConfig.model_validate(keys).full_prefix == Path.parse("/#/r")
