"""A transport in memory that keeps the promises of Twisted's TCP transports.

What the protocol writes is in `seen`; the other end acts by `receive`, `hang_up`, `stall` and
`drain`. As with a real one, the end of a connection is told later than it is decided on: losing and
aborting take effect in the clock's next turn.
"""

from collections import deque

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.python.failure import Failure

from linkerpy.net.errors import ConnectRefused, ConnectTimeout


class MemoryTransport:
    """The protocol's side of a connection, and how the other end sees it."""

    def __init__(self, clock, protocol, peer="10.1.1.1", port=40000):
        self.clock = clock
        self.protocol = protocol
        self.peer = IPv4Address("TCP", peer, port)
        self.seen = b""
        self.delivered = 0
        self.reading = True
        self.end = None
        """None, or how the protocol's side ended: `closed`, `aborted` or `gone` (the other end)."""
        self.half_closed = False
        self.lost = False
        self.producer = None
        self._producer_paused = False
        self._stalled = False
        self._unsent = b""
        self._incoming = deque()
        protocol.makeConnection(self)

    # -- as the protocol sees it

    def getPeer(self):
        return self.peer

    def getHost(self):
        return IPv4Address("TCP", "10.0.0.9", 4140)

    def write(self, data):
        assert isinstance(data, bytes)
        if self.lost or self.end == "aborted" or self.half_closed:
            return
        if self._stalled:
            self._unsent += data
            if self.producer is not None and not self._producer_paused:
                self._producer_paused = True
                self.producer.pauseProducing()
        else:
            self.seen += data

    @property
    def pending(self):
        return len(self._unsent)

    def registerProducer(self, producer, streaming):
        if self.producer is not None:
            raise RuntimeError("a producer is registered already")
        if self.lost:
            producer.stopProducing()
            return
        self.producer, self._producer_paused = producer, not streaming
        if self._unsent and streaming:
            self._producer_paused = True
            producer.pauseProducing()

    def unregisterProducer(self):
        self.producer = None
        self._maybe_close()

    def pauseProducing(self):
        self.reading = False

    def resumeProducing(self):
        if self.end is None:
            self.reading = True
            self.clock.callLater(0, self._deliver)

    def loseConnection(self):
        if self.end is None:
            self.end, self.reading = "closed", False
            self._maybe_close()

    def loseWriteConnection(self):
        assert not self._stalled, "not modelled"
        self.half_closed = True

    def abortConnection(self):
        if self.end != "aborted" and not self.lost:
            self.end, self.reading, self._unsent = "aborted", False, b""
            self.clock.callLater(0, self._lose, ConnectionAborted())

    # -- as the other end acts

    def receive(self, data):
        """The other end sends."""
        self._incoming.append(data)
        self._deliver()

    def hang_up(self):
        """The other end closes."""
        self._incoming.append(None)
        self._deliver()

    def stall(self):
        """The other end takes nothing for now."""
        self._stalled = True

    def drain(self):
        """The other end takes all there is."""
        self._stalled = False
        self.seen, self._unsent = self.seen + self._unsent, b""
        if self.producer is not None and self._producer_paused:
            self._producer_paused = False
            self.producer.resumeProducing()
        self._maybe_close()

    @property
    def unsent(self):
        """Bytes written that the other end has not taken."""
        return len(self._unsent)

    def _maybe_close(self):
        waits = self._unsent or (self.producer is not None and self._producer_paused)
        if self.end == "closed" and not waits:
            self.clock.callLater(0, self._lose, ConnectionDone())

    def _deliver(self):
        while self.reading and self._incoming and not self.lost:
            data = self._incoming.popleft()
            if data is None:
                self.end = self.end or "gone"
                self._lose(ConnectionDone())
            else:
                self.delivered += len(data)
                self.protocol.dataReceived(data)

    def _lose(self, reason):
        if self.lost:
            return
        self.lost, self.reading = True, False
        producer, self.producer = self.producer, None
        if producer is not None:
            producer.stopProducing()
        self.protocol.connectionLost(Failure(reason))


class Network:
    """Stands for `linkerpy.net.connect.connect`: addresses answer, refuse or stay silent."""

    def __init__(self, clock, transport=MemoryTransport):
        self.clock = clock
        self.transport = transport
        self.refusing = set()
        self.silent = set()
        self.made = []
        """Transports of the connections that were made, in order."""
        self.attempts = []
        self.sent_to = {}

    def connect(
        self, _reactor, host, port, build, timeout, _options, *, on_connected, on_failed, **_tls
    ):
        attempt = _Attempt(self, (host, port), build, timeout, on_connected, on_failed)
        self.attempts.append(attempt)
        return attempt


class _Attempt:
    def __init__(self, network, address, build, timeout, on_connected, on_failed):
        self.address = address
        self.timeout = timeout
        self.cancelled = False
        self._network = network
        self._build = build
        self._told = on_connected, on_failed
        name = f"{address[0]}:{address[1]}"
        if name in network.silent:
            self._call = network.clock.callLater(timeout, self._fail, ConnectTimeout, "no answer")
        elif name in network.refusing:
            refused = ConnectRefused, "connection refused"
            self._call = network.clock.callLater(0, self._fail, *refused)
        else:
            self._call = network.clock.callLater(0, self._connect)

    def cancel(self):
        if self._call.active():
            self._call.cancel()
            self.cancelled = True

    def answer(self):
        """A silent address answers after all."""
        self._call.cancel()
        self._connect()

    def _connect(self):
        protocol = self._build()
        network = self._network
        network.made.append(network.transport(network.clock, protocol, *self.address))
        self._told[0](protocol)

    def _fail(self, kind, reason):
        self._told[1](kind(*self.address, reason))
