"""A byte pump between two connections.

Each side is read only as fast as the other takes the bytes: a transport whose send buffer is full
pauses the other's reading, so a relay holds at most two send buffers and two reads. An end of one
side's stream is passed on as such where the transports can (half-close).

`relay` joins two plain sockets by `linkerpy.net.splice`, anything else by `Relay` itself.
"""

from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IHalfCloseableDescriptor,
    IHalfCloseableProtocol,
    IPushProducer,
    ISSLTransport,
)
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from linkerpy.net.splice import HAVE_SPLICE, Splice
from linkerpy.net.transport import Immediate


class Joined(Protocol):
    """Two joined connections."""

    error: BaseException | None
    """What broke the first connection that broke; None while none has."""
    broken: Any
    """That connection's transport."""

    @property
    def sent(self) -> tuple[int, int]:
        """Bytes that came from `a` and from `b`."""

    @property
    def done(self) -> bool:
        """Whether both connections are gone."""

    def close(self) -> None:
        """Break both connections off."""


class Relay:
    """Two connections of any kind, joined; see `Joined`."""

    def __init__(self, a: Any, b: Any, on_done: "Callable[[Relay], None] | None") -> None:
        self._on_done = on_done
        self.error: BaseException | None = None
        self.broken: Any = None
        self._near, self._far = _End(self, a), _End(self, b)
        self._near.peer, self._far.peer = self._far, self._near

    @property
    def sent(self) -> tuple[int, int]:
        """Bytes that came from `a` and from `b`."""
        return self._near.received, self._far.received

    @property
    def done(self) -> bool:
        """Whether both connections are gone."""
        return self._near.lost and self._far.lost

    def start(self, first: bytes) -> None:
        """Take the transports over from their protocols; `first` goes to `b` before all else."""
        if first and not self._far.lost:
            self._near.received += len(first)
            self._far.transport.write(first)
        self._near.take_over()
        self._far.take_over()
        self.end_lost()

    def close(self) -> None:
        """Break both connections off."""
        for end in (self._near, self._far):
            if not end.lost:
                end.transport.abortConnection()

    def failed(self, transport: Any, error: BaseException) -> None:
        """A connection has broken; the first to break is the cause."""
        if self.error is None:
            self.error, self.broken = error, transport

    def end_lost(self) -> None:
        """A connection may be gone: if both are, say so."""
        on_done = self._on_done
        if self.done and on_done is not None:
            self._on_done = None
            on_done(self)


@implementer(IHalfCloseableProtocol, IPushProducer)
class _End(TwistedProtocol):
    """The protocol of one side, and the producer of the other's bytes."""

    transport: Any
    peer: "_End"

    def __init__(self, relay: Relay, transport: Any) -> None:
        self._relay = relay
        self.transport = transport
        self.received = 0
        self.ended = False  # nothing more comes from this side
        self.lost = not transport.connected

    def take_over(self) -> None:
        if self.lost:
            self._finish_peer()
            return
        self.transport.protocol = self
        if not self.peer.lost:
            self.peer.transport.registerProducer(self, True)
        self.transport.resumeProducing()

    def dataReceived(self, data: bytes) -> None:
        self.received += len(data)
        self.peer.transport.write(data)

    def pauseProducing(self) -> None:
        """The peer's send buffer is full."""
        self.transport.pauseProducing()

    def resumeProducing(self) -> None:
        """It is empty again."""
        if not self.ended:
            self.transport.resumeProducing()

    def stopProducing(self) -> None:
        """The peer is gone; its `connectionLost`, which follows, sees to this side."""

    def readConnectionLost(self) -> None:
        """No more comes from this side: say so to the peer once it has all, or end both."""
        self.ended = True
        if self.peer.lost:
            self.transport.loseConnection()
            return
        # A registered producer would keep the peer from closing when its buffer is empty.
        self.peer.transport.unregisterProducer()
        if self.peer.ended:
            self.peer.transport.loseConnection()
            self.transport.loseConnection()
        elif _half_closes(self.peer.transport):
            self.peer.transport.loseWriteConnection()
        else:
            self.peer.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """The peer's end of stream has been passed on."""

    def connectionLost(self, reason: Failure | None = None) -> None:
        self.ended = self.lost = True
        why = None if reason is None else reason.value
        if why is not None and not isinstance(why, ConnectionDone):
            self._relay.failed(self.transport, why)
        self._finish_peer()
        self._relay.end_lost()

    def _finish_peer(self) -> None:
        """Let the peer send what it has, then close it."""
        if not self.peer.lost:
            self.peer.transport.unregisterProducer()
            self.peer.transport.loseConnection()


def _half_closes(transport: Any) -> bool:
    """Twisted's own TLS cannot; linkerpy's sends close_notify."""
    return IHalfCloseableDescriptor.providedBy(transport) and (
        isinstance(transport, Immediate) or not ISSLTransport.providedBy(transport)
    )


def plain(transport: Any) -> bool:
    """Whether the transport is nothing but its socket: no TLS, no timeouts, nothing buffered."""
    return (
        HAVE_SPLICE
        and isinstance(transport, Immediate)
        and not (transport.TLS or ISSLTransport.providedBy(transport) or transport.options.timed)
        and bool(transport.connected)
        and not (transport.disconnecting or transport.pending or transport.holds)
        and transport.producer is None
    )


def relay(
    a: Any,
    b: Any,
    on_done: Callable[[Any], None] | None = None,
    *,
    first: bytes = b"",
) -> Joined:
    """Join two connected transports until both are closed, then call `on_done` with the relay.

    The transports get new protocols; `first` is what the old one of `a` had received: it goes to
    `b` before anything else. They must have no producers. Reading starts on both, even if it was
    paused. `on_done` may be called before this returns.
    """
    kind: type[Relay | Splice] = Splice if plain(a) and plain(b) else Relay
    joined = kind(a, b, on_done)
    joined.start(first)
    return joined
