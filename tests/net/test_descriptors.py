"""Ports and the end of file descriptors, without using any up."""

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.logger import formatEvent, globalLogPublisher

from linkerpy.net import descriptors
from linkerpy.net.descriptors import Headroom


class Port:
    """Reads or does not."""

    def __init__(self, clock):
        self.reactor = clock
        self.reading = True

    def stopReading(self):
        self.reading = False

    def startReading(self):
        self.reading = True

    def fileno(self):
        return 0

    def getHost(self):
        return IPv4Address("TCP", "127.0.0.1", 4140)


@pytest.fixture
def warnings():
    seen = []

    def note(event):
        if event.get("log_namespace") == "linkerpy.net":
            seen.append(formatEvent(event))

    globalLogPublisher.addObserver(note)
    yield seen
    globalLogPublisher.removeObserver(note)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def port(clock):
    return Port(clock)


@pytest.fixture
def lowest(monkeypatch):
    """Sets the lowest free descriptor; the limit is 800."""
    monkeypatch.setattr(descriptors, "_limit", lambda: 800)
    return lambda number: monkeypatch.setattr(descriptors, "_lowest_free", lambda _sample: number)


@pytest.mark.parametrize(("limit", "most"), [(64, 56), (1024, 896), (20_000, 19_000)])
def test_an_eighth_and_1000_at_most_is_kept_for_others(monkeypatch, port, limit, most):
    monkeypatch.setattr(descriptors, "_limit", lambda: limit)
    headroom = Headroom(port)
    assert headroom.most == most
    headroom.use_up()
    assert headroom.most == limit


def test_a_pause_lasts_until_there_are_descriptors_again(port, clock, lowest):
    headroom = Headroom(port)
    lowest(700)
    headroom.pause()
    clock.pump([0.1] * 5)
    assert not port.reading
    lowest(699)
    clock.advance(0.1)
    assert port.reading
    assert not clock.getDelayedCalls()


def test_a_port_that_pauses_again_and_again_is_one_line_of_the_log(port, clock, lowest, warnings):
    headroom = Headroom(port)
    for number in (700, 0, 700, 0):
        lowest(number)
        if number:
            headroom.pause()
        clock.pump([0.1] * 30)
    assert warnings == [
        (
            "127.0.0.1:4140 accepts nobody until some of the 800 file descriptors are free again; "
            "raise the limit: LimitNOFILE= of systemd, ulimit -n"
        )
    ]
    clock.advance(60)
    headroom.pause()
    assert len(warnings) == 2


def test_a_port_that_is_closed_looks_no_more(port, clock, lowest):
    headroom = Headroom(port)
    lowest(700)
    headroom.pause()
    headroom.end()
    clock.advance(1)
    assert not port.reading
