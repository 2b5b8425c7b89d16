import io
import json
import os
import sys

import pytest

from linkerpy import __version__
from linkerpy.app import cli
from linkerpy.config import jsonschema, kinds
from tests.app.test_schema import WEB


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli, "in_container", lambda: False)
    return tmp_path / "l5d.yml"


def test_check_says_what_a_good_file_holds(file, capsys):
    file.write_text(WEB.replace("0.0.0.0", "127.0.0.1"))
    assert cli.main(["check", "l5d.yml"]) == 0
    assert capsys.readouterr() == ("l5d.yml: ok (1 router, 1 server)\n", "")


def test_check_prints_hints(file, capsys):
    file.write_text(WEB)
    assert cli.main(["check", "l5d.yml"]) == 0
    (hint,) = capsys.readouterr().err.splitlines()
    assert hint.startswith("l5d.yml:2:3: whoever reaches 0.0.0.0:9990 can see the configuration")
    assert hint.endswith("(hint)")


def test_check_prints_every_mistake_and_fails(file, capsys):
    file.write_text("routers:\n- protocol: htp\n  servers: []\n")
    assert cli.main(["check", "l5d.yml"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    unknown, no_servers = said.err.splitlines()
    assert unknown.startswith("l5d.yml:2:13: unknown protocol `htp`; did you mean `http`? (known:")
    assert no_servers == "l5d.yml:3:3: router 'htp' has no servers"


def test_check_points_at_the_character_of_a_dtab(file, capsys):
    file.write_text(WEB.replace("8888;", "8888; /x => ;"))
    assert cli.main(["check", "l5d.yml"]) == 1
    assert capsys.readouterr().err.splitlines()[1:] == [
        "      dtab: /svc => /$/inet/127.0.0.1/8888; /x => ;",
        "                                                  ^",
    ]


def test_check_prints_warnings_of_a_good_file(file, capsys):
    file.write_text(WEB + "  maxRequestKB: 5\n")
    assert cli.main(["check", "l5d.yml"]) == 0
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("l5d.yml:11:3: `maxRequestKB` was removed")
    assert said[0].endswith("(warning)")


def test_check_prints_warnings_of_a_bad_file_too(file, capsys):
    file.write_text(WEB + "  maxRequestKB: 5\n  x: 1\n")
    assert cli.main(["check", "l5d.yml"]) == 1
    said = capsys.readouterr().err
    assert "(warning)" in said
    assert "unknown key `x`" in said


def test_check_reads_standard_input(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(WEB.encode())))
    assert cli.main(["check", "-"]) == 0
    assert capsys.readouterr().out == "<stdin>: ok (1 router, 1 server)\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "l5d.yml:1:1: cannot be read: No such file or directory\n"),
        (b"", "l5d.yml:1:1: the file is empty\n"),
        (b"\x7fELF\x00\xff", "l5d.yml:1:1: the file is not UTF-8 text\n"),
        (b"a" * 2_000_000, "l5d.yml:1:1: the file is bigger than 1 MiB\n"),
    ],
)
def test_a_file_that_is_no_text_is_one_message(file, capsys, content, said):
    if content is not None:
        file.write_bytes(content)
    assert cli.main(["check", "l5d.yml"]) == 1
    assert capsys.readouterr().err == said


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_one_message(file, capsys):
    file.write_text(WEB)
    file.chmod(0)
    assert cli.main(["check", "l5d.yml"]) == 1
    assert "cannot be read: Permission denied" in capsys.readouterr().err


def test_a_broken_plugin_is_one_message(file, capsys, monkeypatch):
    registry = kinds.Registry()
    registry.add("protocol", "http", "no.such.module:Router")
    monkeypatch.setattr(kinds, "REGISTRY", registry)
    file.write_text(WEB)
    assert cli.main(["check", "l5d.yml"]) == 1
    said = capsys.readouterr().err
    assert said.startswith(
        "l5d.yml:1:1: a plugin is broken: protocol kind 'http': cannot load no.such.module:Router"
    )


def test_a_broken_plugin_has_no_schema(capsys, monkeypatch):
    registry = kinds.Registry()
    registry.add("shape", "disc", "no.such.module:Disc")
    monkeypatch.setattr(jsonschema, "REGISTRY", registry)
    assert cli.main(["schema"]) == 1
    assert capsys.readouterr().err.startswith("linkerpy: shape kind 'disc': cannot load")


def test_schema_prints_json_schema(capsys):
    assert cli.main(["schema"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["$schema"].startswith("https://json-schema.org/")
    assert len(printed["anyOf"]) == 3


def test_run_becomes_the_twistd_of_the_same_python(monkeypatch):
    ran = []

    def execv(program, arguments):
        ran.append((program, arguments))
        raise SystemExit(0)

    monkeypatch.setattr(os, "execv", execv)
    with pytest.raises(SystemExit):
        cli.main(["run", "l5d.yml"])
    twistd = os.path.join(os.path.dirname(sys.executable), "twistd")
    log = ["--log-format=text", "--log-level=INFO"]
    command = [twistd, "-n", "--pidfile=", "linkerpy", "-c", "l5d.yml", *log]
    assert ran == [(twistd, command)]


def test_version_is_the_package_s(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"linkerpy {__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["check"], ["nonsense"], ["check", "a", "b"]])
def test_wrong_usage_is_explained_without_a_traceback(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert "usage: linkerpy" in capsys.readouterr().err
