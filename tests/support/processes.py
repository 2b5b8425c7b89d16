"""Processes under test: free loopback ports, waiting until ready, stopping."""

import socket
import subprocess
import time
from collections.abc import Callable

_given: set[int] = set()


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on, another one each time."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in _given:
            _given.add(port)
            return port


def listens(port: int) -> bool:
    """Whether something accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class NotReady(AssertionError):
    """A process ended or stayed silent instead of getting ready; the text holds its output."""


def wait_ready(
    process: subprocess.Popen[bytes],
    ready: Callable[[], bool],
    output: Callable[[], str],
    seconds: float = 20,
) -> None:
    """Return once `ready()`.

    Raises: NotReady as soon as the process has ended, or after `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        try:
            # Waits for the end of the process and paces the questions, both in one.
            status = process.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            if time.monotonic() > deadline:
                why = f"is not ready after {seconds:g} s"
            else:
                continue
        else:
            why = f"ended with status {status} before it was ready"
        raise NotReady(f"{process.args!r} {why}; it said:\n{output()}")


def stop(process: subprocess.Popen[bytes], seconds: float = 10) -> int:
    """End a process the orderly way, by force after `seconds`; return its status."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()
