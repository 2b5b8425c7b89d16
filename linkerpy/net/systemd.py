"""What systemd is told of this process, and the watchdog that it wants to hear from.

Without systemd nothing is said. What cannot be sent is not worth a failure: it goes by the board.

Source: sd_notify(3), sd_watchdog_enabled(3), systemd.service(5) on `Type=notify-reload`.
"""

import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from linkerpy.core.clock import Clock


class Systemd:
    """The service manager, if `environ` says that there is one for the process `pid`."""

    def __init__(self, environ: Mapping[str, str], pid: int) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        usec = environ.get("WATCHDOG_USEC", "")
        ours = environ.get("WATCHDOG_PID", str(pid)) == str(pid)
        self.watchdog = int(usec) / 1e6 if ours and usec.isdigit() and int(usec) else None
        """Seconds of silence after which systemd takes the process for dead; None: it does not."""

    def notify(self, *assignments: str) -> None:
        """Send assignments such as `READY=1`."""
        if not self._address.startswith(("/", "@")):
            return
        address = self._address
        if address.startswith("@"):  # an abstract one
            address = "\0" + address[1:]
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.connect(address)
            sock.sendall("\n".join(assignments).encode())

    def ready(self) -> None:
        """Everything listens; or a reload is over, however it went."""
        self.notify("READY=1")

    def reloading(self) -> None:
        """A reload begins: `ready` ends it."""
        self.notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The process ends."""
        self.notify("STOPPING=1")

    def succeeded_by(self, pid: int) -> None:
        """Another process of the service takes over; what this one does is of no account now."""
        self.notify(f"MAINPID={pid}")
        self._address = ""

    def keep_alive(self, clock: Clock) -> None:
        """Tell from now on that the process lives, twice as often as is asked."""
        if self.watchdog is not None:
            self.notify("WATCHDOG=1")
            call: Callable[[Clock], None] = self.keep_alive
            clock.callLater(self.watchdog / 2, call, clock)


def without_process(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for a process that takes our place: the watchdog is for whoever is there."""
    return {name: value for name, value in environ.items() if name != "WATCHDOG_PID"}
