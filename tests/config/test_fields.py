import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from linkerpy.config import fields
from linkerpy.config.fields import (
    DtabField,
    Flag,
    Ip,
    Many,
    OneOrMany,
    PathField,
    PatternField,
    Port,
    Secret,
    Text,
)
from linkerpy.config.model import Model
from linkerpy.config.yaml import parse
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.path import Path


class Everything(Model):
    text: Text = ""
    flag: Flag = False
    port: Port = 0
    ip: Ip = "127.0.0.1"
    path: PathField = Path.EMPTY
    dtab: DtabField = Dtab.EMPTY
    pattern: PatternField | None = None
    secret: Secret = ""
    size_kb: int = 0
    several: Many[Text] = ()
    identifier: OneOrMany[Text] = ()


def read(text: str) -> Any:
    return Everything.model_validate(parse("f", text).value, by_alias=True, by_name=False)


@pytest.mark.parametrize("spelled", ["8080", "1.50", "0080", "yes", "true", "text", "1:30"])
def test_text_is_what_was_spelled(spelled):
    assert read(f"text: {spelled}").text == spelled


@pytest.mark.parametrize(
    ("spelled", "value"),
    [("true", True), ("yes", True), ("On", True), ("FALSE", False), ("no", False), ("off", False)],
)
def test_a_switch_takes_every_unquoted_word_for_it(spelled, value):
    assert read(f"flag: {spelled}").flag is value


@pytest.mark.parametrize("spelled", ["'true'", "'yes'", "1", "0", "y", "[]"])
def test_a_switch_takes_nothing_else(spelled):
    with pytest.raises(ValidationError):
        read(f"flag: {spelled}")


@pytest.mark.parametrize("ip", ["8.8.8.8", "::1", "0.0.0.0"])
def test_an_ip_literal_is_taken(ip):
    assert read(f"ip: '{ip}'").ip == ip


@pytest.mark.parametrize("ip", ["localhost", "127.1", "1.2.3.04", "''", "256.0.0.1"])
def test_no_other_name_of_an_address_is_taken(ip):
    with pytest.raises(ValidationError, match="must be an IP address"):
        read(f"ip: {ip}")


@pytest.mark.parametrize("port", ["-1", "65536", "'80'", "80.0", "true", "web", "[80]"])
def test_a_port_is_a_number_in_range(port):
    with pytest.raises(ValidationError, match="port"):
        read(f"port: {port}")


def test_a_list_may_be_its_only_element():
    assert read("identifier: one").identifier == read("identifier: [one]").identifier == ("one",)


def test_kilobytes_are_spelled_kb():
    assert read("sizeKB: 5").size_kb == 5


def test_what_is_shown_reads_as_it_was_written_and_hides_secrets():
    text = "ip: 127.0.0.1\npath: /a\ndtab: /a => /b\npattern: /x/{y}\nsecret: abc\nseveral: [1]"
    shown = read(text).model_dump(mode="json", by_alias=True, exclude_unset=True)
    assert shown == {
        "ip": "localhost",
        "path": "/a",
        "dtab": "/a=>/b",
        "pattern": "/x/{y}",
        "secret": fields.MASK,
        "several": ["1"],
    }
    assert "abc" not in json.dumps(shown)


def test_files_and_directories_must_exist(tmp_path):
    (tmp_path / "file").touch()
    file, directory = TypeAdapter(fields.File), TypeAdapter(fields.Directory)
    assert file.validate_python(str(tmp_path / "file")) == str(tmp_path / "file")
    assert directory.validate_python(str(tmp_path)) == str(tmp_path)
    with pytest.raises(ValidationError, match="is not a file"):
        file.validate_python(str(tmp_path))
    with pytest.raises(ValidationError, match="is not a directory"):
        directory.validate_python(str(tmp_path / "absent"))


def test_milliseconds_become_seconds():
    assert fields.seconds(1500) == 1.5
    assert fields.seconds(None) is None


def test_json_numbers_are_text_where_text_is_wanted():
    assert read('{"text": 80}').text == "80"
    assert read('{"text": 1.5}').text == "1.5"


@pytest.mark.parametrize("key", ["ip", "path", "dtab", "pattern"])
def test_lists_and_mappings_are_no_text(key):
    with pytest.raises(ValidationError, match="must be text"):
        read(f"{key}: [/x]")


def test_values_made_elsewhere_pass_as_they_are():
    path = Path.parse("/a")
    assert Everything(path=path).path is path
