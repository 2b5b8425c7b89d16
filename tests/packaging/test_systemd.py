"""The systemd unit: systemd finds nothing wrong with it, and little that it leaves open."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support import needs

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "conf/systemd/linkerpy.service"
SOCKETS = ROOT / "conf/systemd/linkerpy.socket"

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
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text("utf-8").replace("/opt/linkerpy/bin", str(programs)), "utf-8")
    sockets = tmp_path / SOCKETS.name
    sockets.write_bytes(SOCKETS.read_bytes())

    def run(*command, of=unit):
        return subprocess.run(
            [program, *command, str(of)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_systemd_finds_nothing_wrong_with_the_unit(analyze):
    done = analyze("verify", "--man=no")
    assert (done.returncode, done.stdout) == (0, "")


def test_systemd_finds_nothing_wrong_with_the_sockets(analyze, tmp_path):
    done = analyze("verify", "--man=no", of=tmp_path / SOCKETS.name)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_sockets_are_those_of_the_first_configuration():
    text = SOCKETS.read_text("utf-8")
    config = yaml.safe_load((ROOT / "conf/webtest.yml").read_text("utf-8"))
    servers = [config["admin"], *(s for router in config["routers"] for s in router["servers"])]
    wanted = {f"{server['ip']}:{server['port']}" for server in servers}
    assert set(re.findall(r"^ListenStream=(.*)$", text, re.MULTILINE)) == wanted


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
