"""The systemd units: systemd finds nothing wrong with them, and little that they leave open."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from linkerpy.app.schema import load
from tests.support import needs

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "conf/systemd/linkerpy.service"
SOCKET = UNIT.with_suffix(".socket")

LEAST_EXPOSED = 2.0
"""Of 10; what is left is the network, and ports below 1024."""


@pytest.fixture
def analyze(tmp_path):
    """Runs `systemd-analyze` on the unit, its programs where the machine has some."""
    program = needs.program("systemd-analyze", "systemd")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("linkerpy", "twistd"):
        (programs / name).symlink_to(sys.executable)
    for unit in (UNIT, SOCKET):
        text = unit.read_text("utf-8").replace("/opt/linkerpy/bin", str(programs))
        (tmp_path / unit.name).write_text(text, "utf-8")

    def run(*command, unit=UNIT):
        return subprocess.run(
            [program, *command, str(tmp_path / unit.name)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.mark.parametrize("unit", [UNIT, SOCKET], ids=lambda unit: unit.name)
def test_systemd_finds_nothing_wrong_with_the_unit(analyze, unit):
    done = analyze("verify", "--man=no", unit=unit)
    assert (done.returncode, done.stdout) == (0, "")


def test_systemd_finds_little_that_the_unit_leaves_open(analyze):
    said = analyze("security", "--offline=true", "--no-pager").stdout
    found = re.search(r"Overall exposure level for linkerpy.service: ([\d.]+)", said)
    assert found, said
    assert float(found[1]) <= LEAST_EXPOSED


def test_the_unit_checks_the_file_that_it_runs():
    text = UNIT.read_text("utf-8")
    (checked,) = re.findall(r"^ExecStartPre=/opt/linkerpy/bin/linkerpy check (\S+)$", text, re.M)
    (ran,) = re.findall(
        r"^ExecStart=/opt/linkerpy/bin/twistd -n --pidfile= linkerpy -c (\S+)$", text, re.M
    )
    assert checked == ran == "${CONFIGURATION_DIRECTORY}/linkerpy.yml"


def test_the_sockets_are_those_of_the_demo():
    config = load(str(ROOT / "conf/webtest.yml")).config
    servers = [config.admin, *(server for router in config.routers for server in router.servers)]
    wanted = {f"{server.ip}:{server.port}" for server in servers}
    held = set(re.findall(r"^ListenStream=(\S+)$", SOCKET.read_text("utf-8"), re.M))
    assert held == wanted
