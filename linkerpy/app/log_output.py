"""Where the log goes and in which form: what takes the place of twistd's own output.

twistd wants the name of a function that makes its observer, and wants it before it has read the
rest of its command line. So what was chosen waits here until it asks.
"""

# mypy: disallow-untyped-calls=False
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.logger import LogEvent
from twisted.python.logfile import LogFile

from linkerpy.net.log import LEVELS
from linkerpy.net.log_lines import observer

FACTORY = f"{__name__}.make_observer"
"""What twistd is told as `--logger`."""


@dataclass(slots=True)
class Choice:
    """`form` is `text` or `json`; `file` is twistd's `--logfile`, empty for none."""

    form: str = "text"
    file: str = ""
    daemon: bool = False


_chosen = Choice()


def choose(form: str, level: str, parent: Any) -> None:
    """Have twistd, whose options `parent` is, write this form; loggers begin at this level.

    What its user asked of twistd itself (`--logger`, `--syslog`) stays as it is.
    """
    LEVELS.set("root", level)
    if parent is None or parent.get("logger") or parent.get("syslog"):
        return
    _chosen.form = form
    _chosen.file = parent.get("logfile") or ""
    _chosen.daemon = not parent.get("nodaemon")
    parent["logger"] = FACTORY


def make_observer() -> Callable[[LogEvent], None]:
    """The observer; in the foreground, without a file, it writes to stdout as twistd does."""
    if _chosen.file == "-" or (not _chosen.file and not _chosen.daemon):
        return observer(sys.stdout, _chosen.form)
    file = Rotated(LogFile.fromFullPath(_chosen.file or "twistd.log"))
    if not signal.getsignal(signal.SIGUSR1):  # neither another handler nor ignored
        signal.signal(signal.SIGUSR1, file.signalled)
    return observer(file, _chosen.form)


class Rotated:
    """A file that begins anew after SIGUSR1, as twistd's do: before the line that follows."""

    def __init__(self, file: LogFile) -> None:
        self._file = file
        self._wanted = False

    def signalled(self, _number: int, _frame: object) -> None:
        """Take note; whoever was interrupted may be in the middle of a line."""
        self._wanted = True

    def write(self, text: str) -> None:
        """Write a line."""
        if self._wanted:
            self._wanted = False
            self._file.rotate()
        self._file.write(text)

    def flush(self) -> None:
        """Write it now."""
        self._file.flush()
