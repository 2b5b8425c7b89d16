"""The pusher, with time standing still and, at the end, a real socket."""

import socket
import threading

import pytest
from twisted.internet.selectreactor import SelectReactor

from linkerpy.app import schema
from linkerpy.config.kinds import REGISTRY
from linkerpy.core.closable import NOTHING
from linkerpy.plugins.telemeters.statsd import BURST, PAUSE
from tests.support.env import fake_env
from tests.support.reactors import end_reactor

schema.install()


def config(**keys):
    chosen = REGISTRY.find("telemeter", "io.l5d.statsd")
    return chosen.model_validate(
        {"kind": "io.l5d.statsd", "experimental": True, **keys}, by_alias=True, by_name=False
    )


class Sockets:
    """The part of a reactor that opens UDP sockets; these fail when told to."""

    def __init__(self):
        self.sent = []
        self.open = []
        self.error = None

    def listenUDP(self, port, protocol, interface=""):
        protocol.transport = self
        self.protocol = protocol
        self.open.append(interface)
        return self

    def write(self, data, addr):
        if self.error is not None:
            raise self.error
        self.sent.append((data, addr))

    def stopListening(self):
        self.open.pop()

    def lines(self):
        lines = b"\n".join(data for data, _ in self.sent).decode().split("\n")
        self.sent.clear()
        return lines if lines != [""] else []


class World:
    def __init__(self, **keys):
        self.sockets = Sockets()
        self.env = fake_env(self.sockets)
        self.clock, self.metrics = self.env.clock, self.env.metrics
        self.running = config(**keys).build(self.env).run()


def test_every_interval_tells_counters_gauges_and_samples():
    world = World(sampleRate=1.0)
    world.metrics.counter("a").incr(2)
    world.metrics.gauge("g", read=lambda: 4)
    world.metrics.stat("s").add(9)
    world.clock.advance(9.9)
    assert world.sockets.lines() == []
    world.clock.advance(0.1)
    assert world.sockets.lines() == ["linkerd.a:2|c", "linkerd.g:4|g", "linkerd.s:9|ms"]
    world.metrics.counter("a").incr()
    world.clock.advance(10)
    assert world.sockets.lines() == ["linkerd.a:1|c", "linkerd.g:4|g"]


def test_prefix_and_interval_are_the_configured_ones():
    world = World(prefix="l5d", gaugeIntervalMs=500, port=9125)
    world.metrics.counter("a").incr()
    world.clock.advance(0.5)
    assert world.sockets.sent == [(b"l5d.a:1|c", ("127.0.0.1", 9125))]


def test_many_packets_go_in_bursts():
    world = World()
    for n in range(BURST * 20):
        world.metrics.counter("x" * 300, str(n)).incr()
    world.clock.advance(10)
    assert len(world.sockets.sent) == BURST
    world.clock.pump([PAUSE] * 20)
    assert len(world.sockets.lines()) == BURST * 20
    assert len(world.clock.getDelayedCalls()) == 1


def test_a_gauge_that_fails_ends_one_flush_not_the_telemeter():
    world = World()
    world.metrics.counter("before").incr(2)
    gauge = world.metrics.gauge("bad", read=lambda: 1 / 0)
    world.metrics.counter("good").incr(7)
    world.clock.advance(10)
    assert world.sockets.lines() == ["linkerd.before:2|c"]
    gauge.close()
    world.clock.advance(10)
    assert world.sockets.lines() == ["linkerd.good:7|c"]


def test_closing_tells_the_rest_but_no_gauges():
    world = World()
    world.metrics.gauge("g", read=lambda: 4)
    world.metrics.counter("a").incr(3)
    world.running.close()
    world.running.close()
    assert world.sockets.lines() == ["linkerd.a:3|c"]
    assert world.sockets.open == []
    assert world.clock.getDelayedCalls() == []


def test_closing_in_the_middle_of_a_flush_loses_nothing():
    world = World()
    for n in range(BURST * 20):
        world.metrics.counter("x" * 300, str(n)).incr()
    world.clock.advance(10)
    world.running.close()
    assert len(world.sockets.lines()) == BURST * 20


def test_nothing_is_sent_and_nothing_lost_until_the_host_is_known():
    world = World(hostname="statsd.example")
    world.metrics.counter("a").incr(3)
    world.clock.advance(10)
    assert world.sockets.lines() == []
    world.env.inet._resolver.answer("statsd.example", ["2001:db8::1", "2001:db8::2"])
    world.clock.advance(10)
    assert world.sockets.sent == [(b"linkerd.a:3|c", ("2001:db8::1", 8125))]
    assert world.sockets.open == ["::"]
    world.running.close()
    assert world.clock.getDelayedCalls() == []


@pytest.mark.parametrize("error", [BlockingIOError(11, "again"), OSError(101, "no route")], ids=str)
def test_what_cannot_be_sent_is_dropped_and_the_next_flush_goes_on(error):
    world = World()
    world.metrics.counter("a").incr(3)
    world.sockets.error = error
    world.clock.advance(10)
    world.sockets.error = None
    world.metrics.counter("a").incr(1)
    world.clock.advance(10)
    assert world.sockets.lines() == ["linkerd.a:1|c"]


@pytest.mark.parametrize(("family", "host"), [("AF_INET", "127.0.0.1"), ("AF_INET6", "::1")])
def test_a_real_socket_receives_it(family, host):
    with socket.socket(getattr(socket, family), socket.SOCK_DGRAM) as receiver:
        try:
            receiver.bind((host, 0))
        except OSError:
            pytest.skip(f"no {host} on this machine")
        receiver.settimeout(10)
        reactor = SelectReactor()
        env = fake_env(reactor)
        env.clock = reactor
        env.metrics.counter("rt", "http", "requests").incr(5)
        keys = {"hostname": host, "port": receiver.getsockname()[1], "gaugeIntervalMs": 20}
        running = [NOTHING]
        reactor.callWhenRunning(lambda: running.append(config(**keys).build(env).run()))
        thread = threading.Thread(target=reactor.run, kwargs={"installSignalHandlers": False})
        thread.start()
        try:
            assert receiver.recv(65536) == b"linkerd.rt.http.requests:5|c"
        finally:
            reactor.callFromThread(running[-1].close)
            reactor.callFromThread(reactor.stop)
            thread.join(10)
            end_reactor(reactor)
