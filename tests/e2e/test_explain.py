"""The command as it is typed: what it prints, and its exit code."""

import json
import subprocess
import sys

import pytest

from tests.app.explain.files import MANY


@pytest.fixture
def explain(tmp_path):
    (tmp_path / "f.yml").write_text(MANY)

    def run(*arguments, file="f.yml"):
        command = [sys.executable, "-m", "linkerpy.app.cli", "explain", "-c", file, *arguments]
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
        return done.returncode, done.stdout, done.stderr

    return run


def test_what_resolves_is_shown_without_colours(explain):
    code, out, err = explain("--server", "4140", "--host", "web", "GET", "/x")
    assert (code, err) == (0, "")
    assert out.startswith("GET /x (Host: web)\n")
    assert "127.0.0.1:8001" in out
    assert "\x1b" not in out


def test_what_does_not_resolve_is_1_and_says_what_to_do(explain):
    code, out, _ = explain("--server", "4140", "--host", "typo", "--json", "/x")
    assert code == 1
    assert json.loads(out)["problem"]["cure"].startswith("did you mean /#/io.l5d.consul?")


def test_a_request_that_gets_no_name_is_1(explain):
    code, out, _ = explain("--server", "4140")
    assert code == 1
    assert "give it: --host NAME" in out


def test_a_connection_is_explained(explain):
    code, out, _ = explain("--router", "db", "--server", "3443", "--sni", "a.example")
    assert code == 0
    assert "name        /sni/a.example" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--router", "no", "/x"], "nothing here is --router no"),
        (["--server", "4140", "GET"], "a path begins with '/'"),
        (["--server", "4140", "a", "b", "c"], "a request is [METHOD] PATH"),
        (["--server", "4140", "-H", "x", "/"], "a header is written 'name: value'"),
        (["--timeout", "0", "/"], "more than 0"),
    ],
)
def test_a_wrong_question_is_2(explain, arguments, said):
    code, out, err = explain(*arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_a_wrong_file_is_2(explain, tmp_path):
    (tmp_path / "bad.yml").write_text("routers: []\n")
    code, _, err = explain("/", file="bad.yml")
    assert code == 2
    assert err.startswith("bad.yml:1:10: `routers`: At least one router")


DEAF = """\
import socket, sys, threading
socket.getaddrinfo = lambda *_args, **_more: threading.Event().wait()
from linkerpy.app.cli import main
sys.exit(main(["explain", "-c", "f.yml", "--server", "4140", "--host", "dns", "--timeout", "0.2"]))
"""


def test_a_dns_that_never_answers_does_not_keep_the_command(tmp_path):
    (tmp_path / "f.yml").write_text(MANY)
    done = subprocess.run(
        [sys.executable, "-c", DEAF],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "the DNS for web.example has not answered within 0.2 s" in done.stdout
