"""The tutorial, typed as it stands: each command runs, and says what the tutorial says it does.

In ```console blocks a line that begins with `$` is a command, and what follows is its output, with
`…` for anything. ```yaml blocks with a title are files. Only the ports are others than in the text.
"""

import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.support import needs
from tests.support.daemon import TWISTD
from tests.support.processes import free_port, stop, wait_ready

ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "docs/tutorial.md"
BLOCK = re.compile(r'^```(console|yaml title="([\w.]+)")\n(.*?)^```', re.MULTILINE | re.DOTALL)
PORTS = ("8080", "8888", "8889", "9990", "9991", "4140")


class Reader:
    """Somebody at a terminal."""

    def __init__(self, directory, ports, cleanup):
        self._directory = directory
        self._ports = ports
        self._cleanup = cleanup
        self._programs(directory / ".bin")
        self._environment = {
            **os.environ,
            "PATH": f"{directory / '.bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "container": "",
            "no_proxy": "*",
        }

    def _programs(self, to):
        """What an installed environment has."""
        to.mkdir()
        commands = {
            "python": [sys.executable],
            "linkerpy": [sys.executable, "-m", "linkerpy.app.cli"],
            "twistd": TWISTD,
        }
        for name, command in commands.items():
            quoted = " ".join(f"'{word}'" for word in command)
            (to / name).write_text(f'#!/bin/sh\nexec {quoted} "$@"\n')
            (to / name).chmod(0o755)

    def own(self, text):
        """The text with the ports of this run."""
        return re.sub(r"\b\d{4}\b", lambda found: self._ports.get(found[0], found[0]), text)

    def writes(self, name, text):
        (self._directory / name).write_text(self.own(text))

    def types(self, command):
        """Run a command; return what it prints. One that ends with `&` goes on running."""
        if command.endswith("&"):
            self._starts(command)
            return ""
        done = subprocess.run(
            ["sh", "-c", self.own(command)],
            cwd=self._directory,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        said = done.stdout
        return said + "\n" if said and not said.endswith("\n") else said

    def _starts(self, command):
        with (self._directory / ".log").open("ab") as log:
            process = subprocess.Popen(
                ["sh", "-c", f"exec {self.own(command).removesuffix('&')}"],
                cwd=self._directory,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._cleanup.callback(stop, process)
        url = self._url(command)
        wait_ready(process, lambda: answers(url), (self._directory / ".log").read_text)

    def _url(self, command):
        """What answers as soon as the program of a command does."""
        config = re.search(r"-c (\S+)", command)
        text = command if config is None else (self._directory / config[1]).read_text()
        port = re.search(r"port:? +(\d{4,5})", self.own(text))
        path = "/" if config is None else "/admin/ready"
        return f"http://127.0.0.1:{port[1]}{path}"


def answers(url):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def steps(text):
    """The blocks in their order: files, and commands with what they should print."""
    for block in BLOCK.finditer(text):
        _, name, content = block.groups()
        if name is not None:
            yield "file", name, content
            continue
        for typed in re.split(r"^\$ ", content, flags=re.MULTILINE)[1:]:
            command, _, printed = typed.partition("\n")
            yield "command", command, printed


def pattern(printed):
    """What was promised, as an expression: `…` alone is any lines or none, within one any text."""
    lines = []
    for line in printed.splitlines():
        if line == "…":
            lines.append(r"(?:.*\n)*?")
        else:
            lines.append(re.escape(line).replace("…", ".*") + r"\r?\n")
    return "".join(lines)


def test_the_tutorial_can_be_typed(tmp_path, cleanup):
    needs.program("curl")
    others = sorted(free_port() for _ in PORTS)  # in the same order: they are printed so
    ports = {port: str(other) for port, other in zip(sorted(PORTS), others, strict=True)}
    reader = Reader(tmp_path, ports, cleanup)
    commands = 0
    for kind, name, content in steps(TUTORIAL.read_text("utf-8")):
        if kind == "file":
            reader.writes(name, content)
            continue
        commands += 1
        said = without_container_hints(reader.types(name))
        assert re.fullmatch(pattern(reader.own(content)), said), f"$ {name}\n{said}"
    assert commands > 15


def without_container_hints(said):
    """The tutorial tells of this hint, and does not show it: not everybody is in a container."""
    return re.sub(r"^.* inside this container: .*\n", "", said, flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("printed", "said", "fits"),
    [
        ("a\n…\nb\n", "a\nb\n", True),
        ("a\n…\nb\n", "a\nx\ny\nb\n", True),
        ("a …\n", "a b c\n", True),
        ("a\n", "a\nb\n", False),
        ("", "a\n", False),
    ],
)
def test_what_is_promised_is_compared(printed, said, fits):
    assert bool(re.fullmatch(pattern(printed), said)) is fits
