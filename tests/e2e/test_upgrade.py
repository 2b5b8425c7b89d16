"""One process takes the place of another: by SIGUSR2, or started by what holds its sockets."""

import os
import re
import signal
import socket
import sys
from contextlib import suppress
from functools import partial

import pytest

from tests.e2e.routed import Routed, http, tcp
from tests.e2e.tcp_sessions import Backend, connect, talk, until
from tests.e2e.traffic import Named, Traffic
from tests.support import needs
from tests.support.daemon import TWISTD
from tests.support.processes import listens, wait_ready

ROUNDS = 3

ACTIVATE = """\
import fcntl, os, sys
given = [int(fd) for fd in sys.argv[1].split(",")]
copies = [fcntl.fcntl(fd, fcntl.F_DUPFD, 50) for fd in given]
for number, fd in enumerate(copies, 3):
    os.dup2(fd, number, inheritable=True)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(given))}
os.execv(sys.argv[2], sys.argv[2:])
"""
"""What systemd does: the sockets as descriptors from 3 on, and whom they are for."""


@pytest.fixture
def backend(cleanup):
    """An HTTP backend."""
    made = Named("one")
    cleanup.callback(made.stop)
    return made


class Generations:
    """The processes that a router process has been succeeded by."""

    def __init__(self, routed):
        self.routed = routed
        self.pids = [routed.daemon.process.pid]

    def upgrade(self):
        """Have the present process replaced: the id of the new one."""
        os.kill(self.pids[-1], signal.SIGUSR2)
        taken = re.compile(r"process (\d+) has taken over")
        known = len(self.pids) - 1
        while len(found := taken.findall(self.routed.daemon.output)) <= known:
            alive(self.pids[-1])
        self.pids.append(int(found[-1]))
        return self.pids[-1]

    def end(self):
        """End those that are still there."""
        for pid in self.pids[1:]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)


def alive(pid):
    """Raises: ProcessLookupError."""
    os.kill(pid, 0)
    with open(f"/proc/{pid}/stat") as stat:
        if stat.read().rpartition(")")[2].split()[0] == "Z":
            raise ProcessLookupError(pid)


def gone(pid):
    """Look until a process has ended."""
    with suppress(ProcessLookupError, FileNotFoundError):
        while True:
            alive(pid)


@pytest.fixture
def generations(cleanup):
    """Follows a `Routed` through upgrades, and ends them all."""

    def follow(routed):
        made = Generations(routed)
        cleanup.callback(made.end)
        return made

    return follow


def test_a_new_process_takes_over_and_no_request_fails(twistd, free_port, backend, generations):
    port = free_port()
    here = Routed(twistd, free_port, http("web", port, backend.port))
    line = generations(here)
    with Traffic(port) as traffic:
        for number in range(ROUNDS):
            line.upgrade()
            # Each kept connection ends with the next response, in good order.
            traffic.wait(lambda wanted={number + 2}: traffic.connections == wanted)
            traffic.wait_for_more()
    assert here.daemon.wait() == 0
    gone(line.pids[-2])
    assert here.daemon.ready()


def test_the_old_process_stays_for_its_sessions(twistd, free_port, generations, cleanup):
    backend = Backend(b"one:")
    cleanup.callback(backend.stop)
    port = free_port()
    here = Routed(twistd, free_port, tcp("db", port, backend.port))
    line = generations(here)
    with connect(port) as session:
        assert talk(session, b"before") == b"one:"
        line.upgrade()
        assert talk(session, b"after") == b"one:"
        with connect(port) as later:
            assert talk(later, b"new") == b"one:"
        assert here.daemon.process.poll() is None
    assert here.daemon.wait() == 0


def test_the_new_process_reads_the_file_as_it_is_now(twistd, free_port, backend, generations):
    old, new = free_port(), free_port()
    here = Routed(twistd, free_port, http("web", old, backend.port))
    here.write(http("web", new, backend.port))
    generations(here).upgrade()
    assert here.daemon.wait() == 0
    with Traffic(new) as traffic:
        traffic.wait_for_more(5)
    with pytest.raises(ConnectionRefusedError):
        connect(old)


@pytest.mark.parametrize("workers", [1, 2])
def test_the_access_log_keeps_what_the_old_process_wrote(
    twistd, free_port, backend, generations, tmp_path, workers
):
    port, log = free_port(), tmp_path / "access.log"
    log.write_text("of a former start\n", "utf-8")
    keys = f"  httpAccessLog: {log}\n  httpAccessLogAppend: false\n"
    router = http("web", port, backend.port, router=keys)
    here = Routed(twistd, free_port, router, top=f"workers: {workers}\n")
    with Traffic(port, kept=0) as before:
        before.wait_for_more()
    generations(here).upgrade()
    with Traffic(port, kept=0) as after:
        after.wait_for_more()
    assert here.daemon.wait() == 0
    wanted = before.answers + after.answers
    until(lambda: log.read_text("utf-8").count("\n") == wanted)
    assert "of a former start" not in log.read_text("utf-8")


def test_a_new_process_that_fails_leaves_the_old_one_serving(twistd, free_port, backend):
    port = free_port()
    here = Routed(twistd, free_port, http("web", port, backend.port))
    with Traffic(port) as traffic:
        here.write(http("web", port, backend.port, router="  nonsense: 1\n"))
        here.daemon.process.send_signal(signal.SIGUSR2)
        said = "the new process did not get ready: this one goes on"
        traffic.wait(lambda: said in here.daemon.output)
        traffic.wait_for_more()
        assert here.daemon.ready()
    assert traffic.connections == {1}
    assert "unknown key `nonsense`" in here.daemon.output


def test_the_pid_file_is_that_of_the_new_process(twistd, free_port, backend, generations):
    port = free_port()
    named = (*TWISTD, "--pidfile=router.pid")
    quiet = (sys.executable, "-c", _WITHOUT_PIDFILE, *named)
    here = Routed(partial(twistd, twistd=quiet), free_port, http("web", port, backend.port))
    file = here.daemon.directory / "router.pid"
    assert file.read_text() == str(here.daemon.process.pid)
    pid = generations(here).upgrade()
    assert here.daemon.wait() == 0
    assert file.read_text() == str(pid)
    assert not file.with_suffix(".pid.old").exists()


_WITHOUT_PIDFILE = """\
import os, sys
command = [part for part in sys.argv[1:] if part != "--pidfile="]
os.execv(command[0], command)
"""


class TestSocketActivation:
    """The sockets come from whoever starts the process."""

    @pytest.fixture
    def activated(self, twistd, free_port, cleanup):
        """Starts a router on a socket of ours: the socket, and the router."""

        def start(*routers, first=lambda _port: None):
            sock = socket.create_server(("127.0.0.1", 0))
            cleanup.callback(sock.close)
            port = sock.getsockname()[1]
            first(port)
            launched = (sys.executable, "-c", ACTIVATE, str(sock.fileno()), *TWISTD)
            text = [router.replace("PORT", str(port)) for router in routers]
            start = partial(twistd, twistd=launched, pass_fds=[sock.fileno()])
            return port, Routed(start, free_port, *text)

        return start

    def test_a_server_serves_the_socket_of_its_address(self, activated, backend):
        port, here = activated(http("web", "PORT", backend.port))
        with Traffic(port) as traffic:
            traffic.wait_for_more()
        assert "is not used" not in here.daemon.output

    def test_who_connected_before_the_start_is_served(self, activated, backend):
        callers = []

        def call(port):
            callers.append(connect(port))
            callers[0].sendall(b"GET / HTTP/1.0\r\nHost: web\r\n\r\n")

        activated(http("web", "PORT", backend.port), first=call)
        with callers[0] as early:
            assert early.recv(65536).startswith(b"HTTP/1.")

    def test_a_socket_that_no_server_wants_is_said(self, activated, backend, free_port):
        port, here = activated(http("web", free_port(), backend.port))
        assert f"the socket given for 127.0.0.1:{port} is not used" in here.daemon.output

    def test_a_server_that_went_and_came_back_has_its_socket_again(
        self, activated, backend, free_port
    ):
        port, here = activated(http("web", "PORT", backend.port))
        assert here.reload(http("web", free_port(), backend.port))[0] == 200
        assert here.reload(http("web", port, backend.port))[0] == 200
        with Traffic(port) as traffic:
            traffic.wait_for_more(5)

    def test_an_upgrade_takes_such_sockets_along(self, activated, backend, generations):
        port, here = activated(http("web", "PORT", backend.port))
        line = generations(here)
        with Traffic(port) as traffic:
            for _ in range(2):
                line.upgrade()
                traffic.wait_for_more()
        assert here.daemon.wait() == 0

    def test_systemds_own_tool_starts_it_with_the_first_connection(
        self, twistd, free_port, backend
    ):
        tool = needs.program("systemd-socket-activate")
        port = free_port()
        launched = (tool, "-l", f"127.0.0.1:{port}", "--fdname=web", "-E", "PYTHONPATH", *TWISTD)
        start = partial(twistd, twistd=launched, wait=False)
        here = Routed(start, free_port, http("web", port, backend.port))
        wait_ready(here.daemon.process, lambda: listens(port), lambda: here.daemon.output)
        here.daemon.wait_ready()
        with Traffic(port) as traffic:
            traffic.wait_for_more()
