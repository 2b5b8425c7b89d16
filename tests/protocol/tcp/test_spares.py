"""Connections that stand before they are asked for."""

import socket

import pytest
from twisted.internet.task import Clock

from linkerpy.core.clock import TimerWheel
from linkerpy.core.errors import ConnectionFailed
from linkerpy.core.reply import Reply
from linkerpy.policy.balance import BUSY, CLOSED, OPEN
from linkerpy.protocol.tcp.spares import PAUSE, Spares
from linkerpy.telemetry.metrics import Metrics


class Spare:
    """A connection: a real socket, so that the system can be asked about it."""

    def __init__(self):
        self.here, self.there = socket.socketpair()
        self.here.setblocking(False)
        self.transport = self
        self.connected, self.paused = True, False

    def pauseProducing(self):
        self.paused = True

    def getHandle(self):
        return self.here

    def close(self):
        self.here.close()
        self.there.close()


class Endpoint:
    """Connects when the test says so."""

    def __init__(self, status=OPEN, load=0, weight=1.0, has_room=True):
        self.status, self.load, self.weight, self.has_room = status, load, weight, has_room
        self.connecting, self.made, self.given, self.discarded = [], [], [], []

    async def spare(self):
        reply = Reply()
        self.connecting.append(reply)
        return await reply

    def connect(self):
        """The first attempt has succeeded."""
        self.made.append(Spare())
        self.connecting.pop(0).resolve(self.made[-1])
        return self.made[-1]

    def refuse(self):
        self.connecting.pop(0).fail(ConnectionFailed("refused"))

    def give(self, spare, request):
        self.given.append(spare)
        return spare

    def discard(self, spare):
        self.discarded.append(spare)


class World:
    def __init__(self, wanted=2):
        self.clock = Clock()
        self.metrics = Metrics()
        self.spares = Spares(wanted, self.metrics, TimerWheel(self.clock))
        self.endpoints = []

    def join(self, **options):
        endpoint = Endpoint(**options)
        self.endpoints.append(endpoint)
        assert self.spares.join(endpoint) is endpoint
        return endpoint

    def look(self):
        """Let the time come for a look at the spares."""
        self.clock.advance(PAUSE + 0.1)


@pytest.fixture
def world():
    made = World()
    yield made
    for endpoint in made.endpoints:
        for spare in endpoint.made:
            spare.close()


def test_there_are_soon_as_many_as_wanted_and_each_that_is_taken_is_replaced(world):
    one = world.join()
    assert one.connecting == []
    world.look()
    assert len(one.connecting) == 2
    first = one.connect()
    one.connect()
    assert first.paused
    gauge = world.metrics.node.children["pool_cached"].metric
    assert gauge.value == 2
    world.look()
    assert one.connecting == []
    assert world.spares.take(None) is first
    world.spares.fill()
    assert (one.given, len(one.connecting)) == ([first], 1)
    world.spares.close()


def test_they_are_at_the_endpoints_that_have_least_to_do_for_their_weight(world):
    busy, heavy = world.join(load=3), world.join(load=4, weight=4.0)
    world.look()
    assert (len(busy.connecting), len(heavy.connecting)) == (0, 2)
    world.spares.close()


@pytest.mark.parametrize("options", [{"status": BUSY}, {"status": CLOSED}, {"has_room": False}])
def test_an_endpoint_that_takes_nothing_gets_none(world, options):
    useless, other = world.join(**options), world.join(load=100)
    world.look()
    assert (len(useless.connecting), len(other.connecting)) == (0, 2)
    world.spares.close()


def test_an_attempt_that_fails_is_repeated_at_the_next_look(world):
    one = world.join()
    world.look()
    one.refuse()
    one.refuse()
    assert one.connecting == []
    world.look()
    assert len(one.connecting) == 2
    world.spares.close()


def lost(spare):
    spare.connected = False


@pytest.mark.parametrize("end", [lambda spare: spare.there.close(), lost])
def test_one_that_does_not_stand_any_more_is_not_given_away(world, end):
    one = world.join()
    world.look()
    dead, alive = one.connect(), one.connect()
    end(dead)
    assert world.spares.take(None) is alive
    assert one.discarded == [dead]
    assert world.spares.take(None) is None
    world.spares.close()


def test_what_an_endpoint_says_first_stays_for_who_gets_the_connection(world):
    one = world.join()
    world.look()
    greeted = one.connect()
    greeted.there.sendall(b"hello")
    world.look()
    assert world.spares.take(None) is greeted
    assert greeted.here.recv(9) == b"hello"
    world.spares.close()


def test_dead_ones_and_those_of_endpoints_that_are_gone_are_replaced_at_a_look(world):
    one = world.join()
    world.look()
    dead, stale = one.connect(), one.connect()
    dead.there.close()
    other = world.join()
    one.status = CLOSED
    world.look()
    assert one.discarded == [dead, stale]
    assert len(other.connecting) == 2
    world.spares.close()


def test_without_endpoints_nothing_is_looked_at_until_there_are_some(world):
    one = world.join()
    world.look()
    one.refuse()
    one.refuse()
    one.status = CLOSED
    world.look()
    world.look()
    assert world.clock.getDelayedCalls() == []
    other = world.join()
    world.look()
    assert len(other.connecting) == 2
    world.spares.close()


def test_closing_closes_those_that_stand_and_gives_up_those_to_come(world):
    one = world.join()
    world.look()
    spare = one.connect()
    waiting = one.connecting[0]
    world.spares.close()
    assert one.discarded == [spare]
    assert not waiting.pending
    assert not world.metrics.node.children["pool_cached"].metric.live
    world.clock.advance(10 * PAUSE)
    assert world.clock.getDelayedCalls() == []
    assert len(one.connecting) == 1


def test_one_that_connects_when_its_endpoint_is_gone_is_closed(world):
    one = world.join()
    world.look()
    one.status = CLOSED
    assert one.connect() in one.discarded
    world.spares.close()
