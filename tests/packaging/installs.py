"""Fresh virtual environments to install the checkout into, without downloading anything.

A fresh environment shares every installed distribution with the running one by symbolic links,
except this project, which is what gets installed, and Twisted, which is copied: the plugin is
laid into Twisted's own directory, and that must not be the developer's.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SITE = Path(sysconfig.get_paths()["purelib"])
_OURS = ("linkerpy", "__editable__", "twisted", "__pycache__")
_SOURCE = ("linkerpy", "twisted", "conf", "tests", "scripts", "bench", "docs", "newsfragments")
_FILES = ("setup.cfg", "pyproject.toml", "MANIFEST.in", "Makefile", "LICENSE")
_LITTER = shutil.ignore_patterns("__pycache__", "dropin.cache", "results")


def copy_source(to: Path) -> Path:
    """Copy the checkout: building in it would leave `build/`, whose leftovers get into wheels."""
    to.mkdir()
    for name in _SOURCE:
        shutil.copytree(ROOT / name, to / name, ignore=_LITTER)
    for path in [ROOT / name for name in _FILES] + list(ROOT.glob("*.md")):
        shutil.copy2(path, to)
    return to


def build_wheel(source: Path, to: Path) -> Path:
    """Build the wheel of a source tree."""
    run(sys.executable, *_PIP, "wheel", *_OFFLINE, "--wheel-dir", to, source)
    (wheel,) = to.glob("*.whl")
    return wheel


@dataclass(frozen=True)
class Install:
    """A virtual environment, and an empty directory to run its programs in."""

    venv: Path
    elsewhere: Path

    @property
    def site(self) -> Path:
        """Its site-packages."""
        return self.venv / "lib" / SITE.parent.name / "site-packages"

    @property
    def twistd(self) -> Sequence[str]:
        """Its `twistd`."""
        return (str(self.venv / "bin/python"), "-m", "twisted.scripts.run_twistd")

    def pip_install(self, *what: str | Path) -> None:
        """Install something into it, itself only."""
        run(self.venv / "bin/python", *_PIP, "install", *_OFFLINE, *what)

    def run(self, *command: str | Path, **env: str) -> str:
        """Run a program of it from a directory that has nothing to do with the checkout.

        Raises: AssertionError, with the output, when it fails.
        """
        return run(*command, cwd=self.elsewhere, env=env)


_PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input")
_OFFLINE = ("--no-deps", "--no-build-isolation")


def fresh(at: Path) -> Install:
    """Make an environment at a path that does not exist yet."""
    run(sys.executable, "-m", "venv", "--without-pip", at / "venv")
    install = Install(at / "venv", at / "elsewhere")
    install.elsewhere.mkdir()
    for entry in SITE.iterdir():
        if not entry.name.startswith(_OURS):
            (install.site / entry.name).symlink_to(entry)
    shutil.copytree(SITE / "twisted", install.site / "twisted", ignore=_LITTER)
    (dist_info,) = SITE.glob("[Tt]wisted-*.dist-info")
    (install.site / dist_info.name).symlink_to(dist_info)
    # What the launcher `bin/twistd` that pip writes does.
    (install.site / "twisted/scripts/run_twistd.py").write_text(
        "from twisted.scripts.twistd import run\n\nrun()\n"
    )
    return install


def run(*command: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """Run a command and return its output; PYTHONPATH and the like are not handed down."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**clean, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}"
    return done.stdout
