from typing import ClassVar

import pytest
from pydantic import ValidationError

from linkerpy.config.model import KindModel, Model, error_details, key_name


class Inner(Model):
    NEEDS: ClassVar[dict[str, str]] = {"name": "an inner needs a name"}
    REMOVED: ClassVar[dict[str, str]] = {"oldName": "write `name`"}
    MOVED: ClassVar[dict[str, str]] = {"size": "write it outside"}

    name: str
    max_size_kb: int = 0


class Outer(Model):
    inner: Inner
    other: int


def errors_of(value):
    with pytest.raises(ValidationError) as raised:
        Outer.model_validate(value, by_alias=True, by_name=False)
    return raised.value.errors()


@pytest.mark.parametrize(
    ("attribute", "key"),
    [
        ("max_headers_kb", "maxHeadersKB"),
        ("k8s_host", "k8sHost"),
        ("h2_access_log", "h2AccessLog"),
        ("attempt_t_twitter_upgrade", "attemptTTwitterUpgrade"),
        ("kb", "kb"),
    ],
)
def test_keys_are_spelled_as_linkerd_does(attribute, key):
    assert key_name(attribute) == key


def test_an_unknown_key_s_error_knows_the_keys_of_its_object():
    (error,) = errors_of({"inner": {"name": "x", "maxSizeKb": 1}, "other": 1})
    assert error["loc"] == ("inner", "maxSizeKb")
    assert error["ctx"] == {"key": "maxSizeKb", "known": ["name", "maxSizeKB"], "moved": ""}


def test_attributes_are_no_keys():
    (error,) = errors_of({"inner": {"name": "x", "max_size_kb": 1}, "other": 1})
    assert error["type"] == "unknown_key"


def test_keys_of_older_releases_are_told_from_unknown_ones():
    errors = errors_of({"inner": {"name": "x", "oldName": "y", "size": 1}, "other": 1})
    assert [(error["type"], error["msg"]) for error in errors] == [
        ("removed_key", "`oldName` was removed: write `name`"),
        ("unknown_key", "unknown key `size`"),
    ]


def test_a_missing_key_may_have_words_of_its_own():
    (error,) = errors_of({"inner": {}, "other": 1})
    assert (error["type"], error["msg"]) == ("missing_key", "an inner needs a name")


def test_null_is_unset():
    assert Inner.model_validate({"name": "x", "maxSizeKB": None}).model_fields_set == {"name"}
    (error,) = errors_of({"inner": {"name": None}, "other": 1})
    assert error["type"] == "missing_key"


def test_an_unknown_key_is_unknown_even_without_a_value():
    (error,) = errors_of({"inner": {"name": "x", "nothing": None}, "other": 1})
    assert error["type"] == "unknown_key"


def test_every_error_survives_being_raised_again():
    with pytest.raises(ValidationError) as raised:
        Outer.model_validate({"inner": {"name": 1, "maxSizeKB": "x"}, "other": [], "more": 1})
    again = ValidationError.from_exception_data("again", error_details(raised.value))
    assert again.errors() == raised.value.errors()


def test_configuration_is_immutable():
    with pytest.raises(ValidationError, match="frozen"):
        Inner(name="x").name = "y"


def test_a_kind_that_builds_nothing_says_which():
    class Nothing(KindModel):
        KIND: ClassVar[str] = "nothing"

    with pytest.raises(NotImplementedError, match="Nothing"):
        Nothing(kind="nothing").build()
