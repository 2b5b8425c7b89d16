"""The soak, for some seconds: it runs, and it finds what is amiss."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import needs

ROOT = Path(__file__).parents[2]


@pytest.fixture
def soak():
    needs.program("nginx")

    def run(*options):
        command = [sys.executable, "-m", "bench.soak", *options]
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
        )

    return run


def test_some_seconds_of_trouble_leave_nothing_unexplained(soak):
    done = soak("--minutes", "0.15", "--every", "1")
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if "," in line]
    traffic = {row[0]: row for row in rows if len(row) == 4}
    assert traffic.keys() >= {"HTTP, kept connection", "TLS, new connections", "HTTP, 1 MB up"}
    assert {row[3] for row in traffic.values()} == {"0"}
    assert "| worker 1 |" in done.stdout
