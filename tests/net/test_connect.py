import errno
import socket

import pytest
from twisted.internet import task

from linkerpy.net import connect as connect_module
from linkerpy.net.connect import connect
from linkerpy.net.errors import ConnectFailed, ConnectRefused, ConnectTimeout
from linkerpy.net.listen import listen
from linkerpy.net.options import DEFAULT_OPTIONS
from tests.net.wire import Recorder, factory

LOCAL = "127.0.0.1"


class Outcome:
    def __init__(self):
        self.connected, self.failed = [], []

    @property
    def known(self):
        return bool(self.connected or self.failed)


def start(loop, port, host=LOCAL, timeout=10.0, build=Recorder, options=DEFAULT_OPTIONS):
    outcome = Outcome()
    attempt = connect(
        loop.reactor,
        host,
        port,
        build,
        timeout,
        options,
        on_connected=outcome.connected.append,
        on_failed=outcome.failed.append,
    )
    assert not outcome.known
    return attempt, outcome


@pytest.fixture
def full_port():
    """A port whose queue is full: it answers no further connection."""
    with socket.socket() as listening:
        listening.bind((LOCAL, 0))
        listening.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]
        for filler in fillers:
            filler.close()


@pytest.mark.parametrize("host", [LOCAL, "::1"])
def test_the_protocol_is_told_before_the_caller(loop, host):
    server = Recorder()
    port = listen(loop.reactor, factory(lambda: server), host, 0).getHost().port
    _attempt, outcome = start(loop, port, host)
    loop.until(lambda: outcome.known and server.connected, "the connection")
    (protocol,) = outcome.connected
    protocol.transport.write(b"hello")
    loop.until(lambda: server.data, "the data")
    assert not outcome.failed
    assert protocol.transport.getPeer().port == port
    assert protocol.transport.getTcpNoDelay()


def test_a_closed_port_refuses(loop, free_port):
    port = free_port()
    _attempt, outcome = start(loop, port)
    loop.until(lambda: outcome.known, "the outcome")
    (failure,) = outcome.failed
    assert type(failure) is ConnectRefused
    assert failure.code == errno.ECONNREFUSED
    assert str(failure) == f"cannot connect to 127.0.0.1:{port}: connection refused"


def test_no_answer_is_a_timeout(loop, full_port):
    _attempt, outcome = start(loop, full_port, timeout=0.05)
    loop.until(lambda: outcome.known, "the outcome")
    (failure,) = outcome.failed
    assert type(failure) is ConnectTimeout
    assert str(failure).endswith(": no answer within 0.05 s")
    assert not loop.reactor.getDelayedCalls()


@pytest.mark.parametrize(
    ("host", "code"), [("255.255.255.255", errno.ENETUNREACH), ("fe80::1%nosuch", None)]
)
def test_an_unusable_address_fails_later_not_at_once(loop, host, code):
    _attempt, outcome = start(loop, 9, host)
    loop.until(lambda: outcome.known, "the outcome")
    (failure,) = outcome.failed
    assert isinstance(failure, ConnectFailed)
    assert code is None or failure.code in (code, errno.EACCES, errno.EINVAL)


def test_a_name_is_refused_at_once(loop):
    with pytest.raises(ValueError, match=r"'example\.test': not an IP address"):
        start(loop, 80, "example.test")


@pytest.mark.parametrize("turns", [0, 1])
def test_a_cancelled_attempt_tells_nothing_and_leaves_nothing(loop, full_port, turns):
    attempt, outcome = start(loop, full_port)
    before = len(loop.reactor.getReaders())
    loop.turns(turns)
    attempt.cancel()
    attempt.cancel()
    loop.turns()
    assert not outcome.known
    assert len(loop.reactor.getReaders()) == before
    assert not loop.reactor.getWriters()
    assert not loop.reactor.getDelayedCalls()


def test_cancelling_a_connection_that_stands_does_nothing(loop):
    server = Recorder()
    port = listen(loop.reactor, factory(lambda: server), LOCAL, 0).getHost().port
    attempt, outcome = start(loop, port)
    loop.until(lambda: outcome.known, "the connection")
    attempt.cancel()
    loop.turns()
    assert not outcome.connected[0].lost
    assert not loop.reactor.getDelayedCalls()


class Raises(Recorder):
    def connectionMade(self):
        raise ZeroDivisionError("of the protocol")


@pytest.mark.parametrize("build", [Raises, lambda: 1 / 0], ids=["connecting", "building"])
def test_a_protocol_that_raises_is_a_failure(loop, build):
    port = listen(loop.reactor, factory(Recorder), LOCAL, 0).getHost().port
    _attempt, outcome = start(loop, port, build=build)
    loop.until(lambda: outcome.known, "the outcome")
    loop.turns()
    assert not outcome.connected
    assert len(outcome.failed) == 1


def test_a_port_connected_with_itself_counts_as_refused(loop, free_port, monkeypatch):
    port = free_port()
    plain = connect_module._Dialled.createInternetSocket

    def bound(self):
        made = plain(self)
        made.bind((LOCAL, port))
        return made

    monkeypatch.setattr(connect_module._Dialled, "createInternetSocket", bound)
    _attempt, outcome = start(loop, port)
    loop.until(lambda: outcome.known, "the outcome")
    assert [type(failure) for failure in outcome.failed] == [ConnectRefused]


def test_the_timeout_is_taken_from_the_clock_of_the_reactor(loop, full_port, monkeypatch):
    clock = task.Clock()
    monkeypatch.setattr(loop.reactor, "callLater", clock.callLater)
    _attempt, outcome = start(loop, full_port, timeout=10)
    clock.advance(9.9)
    loop.turns()
    assert not outcome.known
    clock.advance(0.2)
    assert [type(failure) for failure in outcome.failed] == [ConnectTimeout]
