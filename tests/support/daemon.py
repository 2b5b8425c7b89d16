"""`twistd -n linkerpy` as its users run it: a process of its own, in a directory of its own."""

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.processes import stop, wait_ready

TWISTD = (sys.executable, "-c", "from twisted.scripts.twistd import run; run()")
"""Like the script `twistd`, but of this very interpreter wherever its scripts are."""


@dataclass
class Daemon:
    """One router process and what it printed."""

    config: str
    """The text of the configuration file."""
    directory: Path
    admin_port: int
    """Where the configuration puts the admin page: readiness is asked there."""
    twistd: Sequence[str] = TWISTD
    arguments: Sequence[str] = ()
    """More of `twistd linkerpy`'s own options."""
    env: Mapping[str, str] = field(default_factory=dict)
    pass_fds: Sequence[int] = ()
    """Descriptors that it is given."""

    def launch(self) -> None:
        """Start it, without waiting."""
        path = self.directory / "linkerpy.yml"
        path.write_text(self.config, "utf-8")
        command = [*self.twistd, "-n", "--pidfile=", "linkerpy", "-c", str(path), *self.arguments]
        with self._log.open("ab") as out:
            self.process = subprocess.Popen(
                command,
                cwd=self.directory,
                env={**os.environ, **self.env},
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                pass_fds=self.pass_fds,
            )

    def wait_ready(self, seconds: float = 20) -> None:
        """Wait until every server listens.

        Raises: NotReady, with everything the process said.
        """
        wait_ready(self.process, self.ready, lambda: self.output, seconds)

    def ready(self) -> bool:
        """Whether /admin/ready says so."""
        try:
            with self._ask("/admin/ready") as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def admin(self, path: str) -> str:
        """Return what the admin page answers to a GET."""
        with self._ask(path) as answer:
            text: str = answer.read().decode("utf-8")
            return text

    def wait(self, seconds: float = 20) -> int:
        """Wait for it to end by itself; return its status."""
        return self.process.wait(timeout=seconds)

    def stop(self) -> int:
        """End it; return its status."""
        return stop(self.process)

    @property
    def output(self) -> str:
        """Everything it printed so far."""
        return self._log.read_text("utf-8", errors="replace")

    @property
    def _log(self) -> Path:
        return self.directory / "twistd.out"

    def _ask(self, path: str):  # type: ignore[no-untyped-def] # typeshed has no name for it
        return _DIRECT.open(f"http://127.0.0.1:{self.admin_port}{path}", timeout=5)


# Whatever proxy the environment names, these processes are on this machine.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
