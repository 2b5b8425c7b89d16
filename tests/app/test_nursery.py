import os
import signal
import socket
import subprocess
import sys

import pytest

from linkerpy.app.nursery import CONTROL
from linkerpy.app.nursery_process import how
from linkerpy.net.channel import Frames, frame

CONFIG = """\
routers:
- protocol: http
  dtab: /svc => /$/inet/127.0.0.1/1
  servers: [{port: 0}]
telemetry:
- kind: io.l5d.otlp
- kind: io.l5d.zipkin
"""
START = """\
import os, socket
os.dup2({fd}, {control}, inheritable=True)
from linkerpy.app.nursery import main
main()
"""


class Supervisor:
    """The other end of a nursery, which blocks."""

    def __init__(self):
        self._near, far = socket.socketpair()
        self._near.settimeout(30)
        self._frames, self._came = Frames(), []
        code = START.format(fd=far.fileno(), control=CONTROL)
        self.process = subprocess.Popen([sys.executable, "-c", code], pass_fds=[far.fileno()])
        far.close()

    def send(self, **body):
        self._near.sendall(frame(body))

    def next(self):
        while not self._came:
            data, fds, _flags, _where = socket.recv_fds(self._near, 65536, 8)
            assert data, "the nursery has ended"
            self._came += self._frames.feed(data, fds)
        return self._came.pop(0)

    def close(self):
        self._near.close()
        self.process.wait(30)


@pytest.fixture
def supervisor():
    made = Supervisor()
    made.send(load=True, name="test.yml", text=CONFIG)
    assert made.next().body == {"loaded": True}
    yield made
    made.close()


def begin(supervisor, number):
    supervisor.send(fork=number)
    message = supervisor.next()
    return message.body["pid"], socket.socket(fileno=message.descriptors[0])


def test_workers_are_forked_and_their_ends_are_told(supervisor):
    (first, one), (second, two) = begin(supervisor, 1), begin(supervisor, 2)
    assert first != second
    os.kill(first, signal.SIGKILL)
    assert supervisor.next().body == {"ended": first, "status": signal.SIGKILL}
    assert one.recv(1) == b""
    two.close()  # its supervisor has gone: it ends by itself
    assert supervisor.next().body == {"ended": second, "status": 0}
    one.close()


def test_signals_that_a_terminal_sends_to_all_leave_it_alone(supervisor):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
        os.kill(supervisor.process.pid, number)
    pid, channel = begin(supervisor, 1)
    channel.close()
    assert supervisor.next().body == {"ended": pid, "status": 0}


def test_it_ends_with_its_supervisor(supervisor):
    supervisor.close()
    assert supervisor.process.returncode == 0


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (0, "exit status 0"),
        (256, "exit status 1"),
        (9, "killed by SIGKILL"),
        (139, "killed by SIGSEGV"),
        (50, "killed by signal 50"),
    ],
)
def test_how_a_process_ended_is_said_in_words(status, said):
    assert how(status) == said
