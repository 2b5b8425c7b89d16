"""Zero-downtime upgrade: another process, perhaps of a newer program, takes over.

It is started as this one was and is given the listening sockets. Once it says that it is ready,
this one accepts no more and ends with its last connection. If it fails, this one goes on.

Used by `tap`, on SIGUSR2.
"""

import os
import sys
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any

from twisted.internet.protocol import ProcessProtocol

from linkerpy.net.inherited import Given, to_environment
from linkerpy.net.log import logger
from linkerpy.net.systemd import without_process

READY = "LINKERPY_READY_FD"
"""Environment variable: the descriptor on which the new process writes its id once it is ready."""

_log = logger("linkerpy.upgrade")


class Successor(ProcessProtocol):
    """The new process, until it is ready: then `on_ready(pid)`, or `on_failed()`."""

    def __init__(self, on_ready: Callable[[int], None], on_failed: Callable[[], None]) -> None:
        self._on_ready = on_ready
        self._on_failed: Callable[[], None] | None = on_failed
        self._said = b""

    def childDataReceived(self, childFD: int, data: bytes) -> None:  # noqa: N802, N803 - Twisted's
        """It says its id."""
        self._said += data
        if self._said.endswith(b"\n") and self._on_failed is not None:
            self._on_failed = None
            self._on_ready(int(self._said))

    def childConnectionLost(self, childFD: int) -> None:  # noqa: N802, N803 - Twisted's
        """It has nothing more to say."""
        on_failed, self._on_failed = self._on_failed, None
        if on_failed is not None:
            on_failed()


def start(
    reactor: Any,
    successor: Successor,
    sockets: list[Given],
    directory: str,
    environ: Mapping[str, str],
) -> None:
    """Start the program as it is now on disk, with this process's arguments and sockets."""
    variables, fds = to_environment(sockets)
    said = max(fds, default=2) + 1
    children = {fd: fd for fd in (0, 1, 2, *fds)} | {said: "r"}
    reactor.spawnProcess(
        successor,
        sys.executable,
        [sys.executable, *sys.orig_argv[1:]],
        env=without_process(environ) | variables | {READY: str(said)},
        path=directory,
        childFDs=children,
    )
    for given in sockets:
        given.socket.close()


class Predecessor:
    """The process whose place this one takes, if `environ` says that there is one."""

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        said = environ.pop(READY, "")
        self._fd = int(said) if said.isdigit() else None
        if self._fd is not None:
            os.set_inheritable(self._fd, False)

    @property
    def is_there(self) -> bool:
        """Whether it serves, until `tell_ready`."""
        return self._fd is not None

    def tell_ready(self) -> None:
        """Everything listens: it may go."""
        fd, self._fd = self._fd, None
        if fd is not None:
            with suppress(OSError):  # it has gone already
                os.write(fd, b"%d\n" % os.getpid())
            os.close(fd)


class PidFile:
    """twistd's file with our id, which `options` name, if any.

    twistd does not start beside a process that has one, and removes at the end what it names.
    """

    def __init__(self, options: Any) -> None:
        self._options = options
        self._path = options["pidfile"] if options is not None else None

    def step_aside(self) -> None:
        """Let another process write its own."""
        if self._path and os.path.exists(self._path):
            self._options["pidfile"] = f"{self._path}.old"
            os.replace(self._path, self._options["pidfile"])

    def step_back(self) -> None:
        """The other one has failed."""
        if self._path and self._options["pidfile"] != self._path:
            os.replace(self._options["pidfile"], self._path)
            self._options["pidfile"] = self._path


class Upgrade:
    """The upgrade of this process: at most one is under way.

    `sockets` gives the listening sockets; `hand_over` is called when they are served by another,
    and `on_ready` is told who that is.
    """

    def __init__(
        self,
        reactor: Any,
        pid_file: PidFile,
        directory: str,
        sockets: Callable[[], list[Given]],
        hand_over: Callable[[], None],
        on_ready: Callable[[int], None],
    ) -> None:
        self._reactor = reactor
        self._pid_file = pid_file
        self._directory = directory
        self._sockets = sockets
        self._hand_over = hand_over
        self._on_ready = on_ready
        self._under_way = False

    def begin(self) -> None:
        """Start the new process."""
        if self._under_way:
            _log.warn("an upgrade is under way already")
            return
        self._under_way = True
        _log.info("starting the process that is to take over")
        self._pid_file.step_aside()
        successor = Successor(self._ready, self._failed)
        try:
            start(self._reactor, successor, self._sockets(), self._directory, os.environ)
        except OSError as error:
            _log.error("it cannot be started: {error}", error=str(error))
            self._failed()

    def _ready(self, pid: int) -> None:
        _log.info("process {pid} has taken over", pid=pid)
        self._on_ready(pid)
        self._hand_over()

    def _failed(self) -> None:
        _log.error("the new process did not get ready: this one goes on")
        self._pid_file.step_back()
        self._under_way = False
