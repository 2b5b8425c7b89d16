"""The nursery: a process that has loaded the program, has no event loop, and forks workers.

A worker begins in an instant and shares the memory of what was loaded. No event loop may be there
before the fork: the processes would share it. The supervisor, which has one, starts the nursery and
tells it by the control channel to fork; the nursery tells of each worker that began, with the
channel to it, and how each ended. It ends when the supervisor does.

Messages to it: `load` (`name` and `text` of the configuration), `fork` (the number of a worker).
From it: `loaded`, `forked` (the number, with `pid` and one descriptor), `ended` (a `pid`, with
`status` as the system tells it).
"""

import contextlib
import gc
import os
import select
import signal
import socket
import sys
import traceback
from typing import Any, Final

from linkerpy.net.channel import Frames, frame

CONTROL: Final = 3
"""The descriptor of the control channel."""

_IGNORED: Final = (
    signal.SIGINT,  # a terminal sends it to all of us: the supervisor knows what to do
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGUSR1,
    signal.SIGUSR2,
)


class Nursery:
    """Obeys the supervisor at the other end of `control`."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._frames = Frames()

    def run(self) -> None:
        """Go on until the supervisor has gone."""
        for number in _IGNORED:
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: self._reap())
        _deaf()
        with contextlib.suppress(ConnectionError):
            while data := self._wait():
                for message in self._frames.feed(data):
                    self._obey(message.body)

    def _wait(self) -> bytes:
        """What comes next. Only meanwhile do we hear of the ends of workers."""
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        select.select([self._control], [], [])
        _deaf()
        return self._control.recv(65536)

    def _obey(self, asked: dict[str, Any]) -> None:
        if "load" in asked:
            _load(asked["name"], asked["text"])
            self._control.sendall(frame({"loaded": True}))
        elif "fork" in asked:
            self._fork(asked["fork"])

    def _fork(self, number: int) -> None:
        near, far = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            near.close()
            self._control.close()
            _be_worker(number, far)
        far.close()
        with near:
            forked = frame({"forked": number, "pid": pid}, descriptors=1)
            socket.send_fds(self._control, [forked], [near.fileno()])

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                self._control.sendall(frame({"ended": pid, "status": status}))


def _deaf() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})


def _load(name: str, text: str) -> None:
    """Load all that a worker needs for this configuration, and keep it out of collections."""
    from linkerpy.app import worker  # noqa: PLC0415 - hundreds of modules

    worker.parsed(name, text)
    if "twisted.internet.reactor" in sys.modules:
        raise RuntimeError("a module has installed a reactor: workers would share it")
    gc.collect()
    gc.freeze()


def _be_worker(number: int, channel: socket.socket) -> None:
    """Run a worker, and end the process."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    status = 1
    try:
        from linkerpy.app.worker import run  # noqa: PLC0415

        status = run(number, channel)
    except BaseException:  # noqa: BLE001 - the process ends here, whatever it was
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def main() -> None:
    """Be the nursery of the supervisor that started this process."""
    with socket.socket(fileno=CONTROL) as control:
        Nursery(control).run()
