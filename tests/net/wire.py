"""Reactors turned by hand, and protocols that keep what they are told."""

import time

import pytest
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import ClientFactory, Factory, Protocol

from tests.support.reactors import end_reactor

# Only a hang lasts so long.
PATIENCE = 20


class Loop:
    """A reactor that is not installed and runs only while a test waits."""

    def __init__(self, reactor):
        self.reactor = reactor
        self._readers = []
        self._add_reader, reactor.addReader = reactor.addReader, self._remember

    def _remember(self, reader):
        """Who has stopped reading is known to nobody but its peer, and must be closed, too."""
        if reader not in self._readers:
            self._readers.append(reader)
        self._add_reader(reader)

    def until(self, condition, what="the condition"):
        """Turn the reactor until `condition()` holds."""
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                pytest.fail(f"waited {PATIENCE} s for {what}")
            self.reactor.iterate(0.01)

    def turns(self, count=5):
        """Let what is ready happen."""
        for _ in range(count):
            self.reactor.iterate(0)

    def close(self):
        """Close all that was ever opened."""
        end_reactor(self.reactor, self._readers)


class Recorder(Protocol):
    """Keeps what a transport tells its protocol."""

    def __init__(self):
        self.data = bytearray()
        self.lost = []
        self.on_data = lambda data: None

    def dataReceived(self, data):
        self.data += data
        self.on_data(data)

    def connectionLost(self, reason=ConnectionDone):
        self.lost.append(reason.value)


def factory(build, base=Factory):
    made = base()
    made.noisy = False
    made.buildProtocol = lambda address: build()
    return made


class Pair:
    """A client and a server protocol joined by TCP on loopback."""

    def __init__(self, loop, client=Recorder, server=Recorder):
        self.loop = loop
        servers = []

        def build():
            servers.append(server())
            return servers[0]

        self.client = client()
        self.port = loop.reactor.listenTCP(0, factory(build), interface="127.0.0.1")
        number = self.port.getHost().port
        loop.reactor.connectTCP("127.0.0.1", number, factory(lambda: self.client, ClientFactory))
        loop.until(lambda: self.client.connected and servers, "the connection")
        self.server = servers[0]
