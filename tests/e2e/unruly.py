"""`twistd` on a machine whose clock or DNS is not to be relied on; run as a program.

With WALL=jumps in the environment the wall clock is set a day forth or back all the time. With
DNS=FILE every host is 127.0.0.1 while there is such a file, and nobody can tell while there is
none; a line of FILE.asked stands for each time that a host was looked up.
"""

import itertools
import os
import socket
import time
from pathlib import Path

from twisted.scripts.twistd import run

DAY = 86_400


def _jumping(read, unit):
    count = itertools.count()
    return lambda: read() + (next(count) // 50 % 3 - 1) * DAY * unit


def _asking(file):
    asked, real = Path(f"{file}.asked"), socket.getaddrinfo

    def getaddrinfo(host, *args, **keys):
        if not host.endswith(".test"):
            return real(host, *args, **keys)
        up = file.exists()
        with asked.open("a") as lines:
            lines.write(f"{host} {'up' if up else 'down'}\n")
        if not up:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return real("127.0.0.1", *args, **keys)

    return getaddrinfo


if __name__ == "__main__":
    if os.environ.get("WALL") == "jumps":
        time.time, time.time_ns = _jumping(time.time, 1), _jumping(time.time_ns, 10**9)
    if "DNS" in os.environ:
        socket.getaddrinfo = _asking(Path(os.environ["DNS"]))
    run()
