"""What twistd is told to log with, by the options of its plugin."""

import json

import pytest
from twisted.logger import Logger, LogLevel

from linkerpy.app import log_output
from linkerpy.app.log_output import Choice, Rotated, choose, make_observer
from linkerpy.net.log import LEVELS


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    monkeypatch.setattr(log_output, "_chosen", Choice())
    monkeypatch.setattr(LEVELS, "_levels", {"root": "INFO"})


def say(observer, text="hello"):
    Logger(namespace="linkerpy", observer=observer).emit(LogLevel.info, text)


def test_in_the_foreground_lines_go_to_stdout(capsys):
    parent = {"nodaemon": 1}
    choose("text", "INFO", parent)
    assert parent["logger"] == "linkerpy.app.log_output.make_observer"
    say(make_observer())
    assert capsys.readouterr().out.endswith(" THREAD1 linkerpy: hello\n")


def test_json_lines_in_a_file(tmp_path):
    file = tmp_path / "out.log"
    choose("json", "INFO", {"logfile": str(file)})
    say(make_observer())
    assert json.loads(file.read_text())["message"] == "hello"


def test_a_daemon_writes_twistds_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    choose("text", "INFO", {})
    say(make_observer())
    assert "linkerpy: hello" in (tmp_path / "twistd.log").read_text()


@pytest.mark.parametrize("asked", [{"logger": "my.observer"}, {"syslog": 1}])
def test_what_twistds_user_chose_stays(asked):
    parent = dict(asked)
    choose("json", "DEBUG", parent)
    assert parent == asked
    assert LEVELS.level("linkerpy") == "DEBUG"


def test_a_signal_moves_the_file_before_the_next_line():
    done = []

    class File:
        def rotate(self):
            done.append("rotate")

        def write(self, text):
            done.append(text)

    file = Rotated(File())
    file.write("a")
    file.signalled(10, None)
    file.write("b")
    file.write("c")
    assert done == ["a", "rotate", "b", "c"]
