"""The nursery as its supervisor sees it: started, asked to fork, listened to.

See `linkerpy.app.nursery` for what is said.
"""

# mypy: disallow-untyped-calls=False
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any, Final

from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from linkerpy.app.nursery import CONTROL
from linkerpy.net.channel import Channel, Message

_COMMAND: Final = ("-P", "-c", "from linkerpy.app.nursery import main; main()")


class NurseryProcess(ProcessProtocol):
    """A nursery that loads a configuration and then is asked to fork.

    `forked` is told a worker's number, its process and the descriptor of the channel to it; `ended`
    a process and how it ended; `lost` that the nursery itself has ended.
    """

    def __init__(
        self,
        forked: Callable[[int, int, int], None],
        ended: Callable[[int, str], None],
        lost: Callable[[str], None],
    ) -> None:
        self.pid: int | None = None
        self._forked = forked
        self._ended = ended
        self._lost = lost
        self._channel = Channel(self._heard, lambda: None)
        self._loaded = False
        self._wanted: list[int] = []

    def start(self, name: str, text: str, reactor: Any) -> None:
        """Start the process, with the same modules in reach as this one."""
        ours, theirs = socket.socketpair()
        path = os.pathsep.join(entry for entry in sys.path if entry)
        environment = {**os.environ, "PYTHONPATH": path}
        command = [sys.executable, *_COMMAND]
        with theirs, open(os.devnull, "rb") as nothing:
            # What is no log goes to stderr: the output of workers comes by their channels.
            descriptors = {0: nothing.fileno(), 1: 2, 2: 2, CONTROL: theirs.fileno()}
            process = reactor.spawnProcess(
                self, sys.executable, command, environment, childFDs=descriptors
            )
        self.pid = process.pid
        self._channel.start(ours, reactor)
        self._channel.send({"load": True, "name": name, "text": text})

    def fork(self, number: int) -> None:
        """Have a worker forked, as soon as everything is loaded."""
        if self._loaded:
            self._channel.send({"fork": number})
        else:
            self._wanted.append(number)

    def _heard(self, message: Message) -> None:
        body = message.body
        if "forked" in body:
            self._forked(body["forked"], body["pid"], message.descriptors[0])
        elif "ended" in body:
            self._ended(body["ended"], how(body["status"]))
        elif "loaded" in body:
            self._loaded = True
            for number in self._wanted:
                self.fork(number)

    def processEnded(self, reason: Failure) -> None:  # noqa: N802 - Twisted's name
        """Tell."""
        self._channel.close()
        ended: Any = reason.value
        self._lost(how(ended.status))

    def close(self) -> None:
        """Let it end. Its workers do not end with it."""
        self._channel.close()


def how(status: int) -> str:
    """How a process ended, by its status from the system."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        try:
            return f"killed by {signal.Signals(number).name}"
        except ValueError:
            return f"killed by signal {number}"
    return f"exit status {os.waitstatus_to_exitcode(status)}"
