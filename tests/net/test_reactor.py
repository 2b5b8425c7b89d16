"""Installing the reactor (in processes of their own), and what only it does."""

import socket
import subprocess
import sys

import pytest

from tests.net.wire import Pair

INSTALL = "import sys; from linkerpy.net import reactor as ours; "
NAME = "from twisted.internet import reactor; print(type(reactor).__name__)"


def run(code):
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)


def test_install_makes_it_the_global_reactor():
    assert run(f"{INSTALL} ours.install(); {NAME}").stdout.strip() == "DirectEPollReactor"


def test_the_best_is_ours_where_none_is_installed():
    assert run(f"{INSTALL} print(ours.install_best()); {NAME}").stdout.split() == [
        "True",
        "DirectEPollReactor",
    ]


def test_a_reactor_that_was_chosen_stays():
    code = "from twisted.internet import selectreactor; selectreactor.install(); "
    assert run(f"{code} {INSTALL} print(ours.install_best()); {NAME}").stdout.split() == [
        "False",
        "SelectReactor",
    ]


def test_without_epoll_the_stock_reactor_is_left_and_the_reason_told():
    code = "import select; del select.epoll; "
    done = run(f"{code} {INSTALL} print(ours.install_best()); {NAME}; ours.install()")
    assert done.stdout.split()[0] == "False"
    assert "Direct" not in done.stdout
    assert "ImportError: there is no epoll on " in done.stderr


def test_it_runs_and_stops_as_a_reactor_does():
    code = f"{INSTALL} ours.install(); from twisted.internet import reactor; "
    code += "reactor.callInThread(reactor.callFromThread, reactor.stop); reactor.run(); print(7)"
    assert run(code).stdout.strip() == "7"


class Selectable:
    """Neither Twisted's nor ours."""

    def __init__(self, sock):
        self.sock, self.read, self.lost = sock, b"", []

    def fileno(self):
        return self.sock.fileno()

    def logPrefix(self):
        return "selectable"

    def doRead(self):
        self.read += self.sock.recv(100)

    def connectionLost(self, reason):
        self.lost.append(reason.value)


def test_foreign_selectables_are_served_as_twisted_serves_them(loop):
    ours, peer = socket.socketpair()
    selectable = Selectable(ours)
    loop.reactor.addReader(selectable)
    peer.sendall(b"abc")
    loop.until(lambda: selectable.read == b"abc", "the read")
    selectable.doRead = lambda: 1 / 0
    peer.sendall(b"d")
    loop.until(lambda: selectable.lost, "the loss")
    assert isinstance(selectable.lost[0], ZeroDivisionError)
    ours.close()
    peer.close()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_not_even_these_stop_the_reactor(loop, error):
    pair, other = Pair(loop), Pair(loop)

    def fail(data):
        raise error

    pair.server.on_data = fail
    pair.client.transport.write(b"x")
    loop.until(lambda: pair.server.lost, "the loss")
    other.client.transport.write(b"x")
    loop.until(lambda: other.server.data, "the other connection")
