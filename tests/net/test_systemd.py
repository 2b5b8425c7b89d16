import re
import socket

import pytest
from twisted.internet.task import Clock

from linkerpy.net.systemd import Systemd, without_process


@pytest.fixture
def manager(tmp_path):
    """The service manager's socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.setblocking(False)
        yield sock


def told(manager):
    """All that it was told since it was asked last."""
    said = []
    while True:
        try:
            said.append(manager.recv(1000).decode())
        except BlockingIOError:
            return said


def test_it_is_told_what_happens(manager):
    systemd = Systemd({"NOTIFY_SOCKET": manager.getsockname()}, 1)
    systemd.ready()
    systemd.reloading()
    systemd.stopping()
    ready, reloading, stopping = told(manager)
    assert (ready, stopping) == ("READY=1", "STOPPING=1")
    assert re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=[1-9]\d*", reloading)


def test_who_has_been_succeeded_is_silent(manager):
    systemd = Systemd({"NOTIFY_SOCKET": manager.getsockname()}, 1)
    systemd.succeeded_by(7)
    systemd.stopping()
    assert told(manager) == ["MAINPID=7"]


def test_an_abstract_address_will_do():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind("")  # the system chooses one
        sock.setblocking(False)
        name = sock.getsockname().decode().replace("\0", "@")
        Systemd({"NOTIFY_SOCKET": name}, 1).ready()
        assert told(sock) == ["READY=1"]


@pytest.mark.parametrize("address", ["", "nonsense", "/nowhere/at/all", "@nobody"])
def test_without_anybody_to_tell_nothing_happens(address):
    Systemd({"NOTIFY_SOCKET": address}, 1).ready()


def test_the_watchdog_hears_of_us_twice_in_its_time(manager):
    clock = Clock()
    environ = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "3000000"}
    Systemd(environ, 1).keep_alive(clock)
    clock.pump([1.5, 1.5])
    assert told(manager) == ["WATCHDOG=1"] * 3


@pytest.mark.parametrize(
    ("variables", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "2500000"}, 2.5),
        ({"WATCHDOG_USEC": "2500000", "WATCHDOG_PID": "7"}, 2.5),
        ({"WATCHDOG_USEC": "2500000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_for_the_process_that_it_names(variables, seconds):
    clock = Clock()
    systemd = Systemd(variables, 7)
    assert systemd.watchdog == seconds
    systemd.keep_alive(clock)
    assert len(clock.getDelayedCalls()) == (seconds is not None)


def test_a_process_that_takes_our_place_is_watched_as_well():
    environ = {"WATCHDOG_USEC": "1", "WATCHDOG_PID": "7", "NOTIFY_SOCKET": "/run/notify"}
    assert without_process(environ) == {"WATCHDOG_USEC": "1", "NOTIFY_SOCKET": "/run/notify"}
