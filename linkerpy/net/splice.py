"""A relay between two plain sockets: bulk goes through a pipe, and never through this process.

For `linkerpy.net.relay`, which decides when it may be used. Each side takes its transport's place
in the reactor; the transport keeps the socket and closes it in the end.

What comes in small pieces is received and sent: for these a pipe would cost more than it saves.
A read that fills its buffer is taken for the beginning of bulk, for which a pipe is borrowed until
little comes. Towards a slow peer, a direction holds one buffer and one pipe; it reads no more until
both are empty.

    reading -(the peer takes less)-> waiting for the peer -(it has taken all)-> reading
    reading -(end)-> what is held is sent -> the peer's socket is shut for writing -> over
    both directions over, or the relay is closed -> both transports are closed, once
"""

# mypy: disallow-untyped-calls=False
import os
import socket
from collections.abc import Callable
from typing import Any

from twisted.internet import main
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.python.failure import Failure

from linkerpy.net.dispatch import NO_ROUND, Direct
from linkerpy.net.pipes import PIPES, Pipe

HAVE_SPLICE = hasattr(os, "splice") and hasattr(os, "pipe2")

# The most that is received at a time.
_MOST = 65536

# Bytes that are moved in a row for one side: then the others get their turn.
_TURN = 1 << 20

# A call that moves less than this ends the bulk.
_LITTLE = 4096

# A piece up to this size may wait for the end of the reactor's round; see `Round`.
_SMALL = 16384

_FLAGS = os.SPLICE_F_MOVE | os.SPLICE_F_NONBLOCK if HAVE_SPLICE else 0


class Splice:
    """Two joined sockets; see `linkerpy.net.relay.Relay`, whose interface it has."""

    def __init__(self, a: Any, b: Any, on_done: "Callable[[Splice], None] | None") -> None:
        self._on_done = on_done
        self.error: BaseException | None = None
        self.broken: Any = None
        self._near, self._far = _Side(self, a), _Side(self, b)
        self._near.peer, self._far.peer = self._far, self._near

    @property
    def sent(self) -> tuple[int, int]:
        """Bytes that came from `a` and from `b`."""
        return self._near.received, self._far.received

    @property
    def done(self) -> bool:
        """Whether both connections are gone."""
        return not (self._near.connected or self._far.connected)

    def start(self, first: bytes) -> None:
        """Take the transports over; `first` goes to `b` before anything else."""
        self._near.take_over()
        self._far.take_over()
        if first:
            self._near.deliver(first)

    def close(self) -> None:
        """Break both connections off."""
        self.finish(ConnectionAborted())

    def failed(self, side: "_Side", error: BaseException) -> None:
        """A side has broken; the first to break is the cause."""
        if self.error is None:
            self.error, self.broken = error, side.transport

    def finish(self, why: BaseException) -> None:
        """Close both transports, and say so."""
        sides = [side for side in (self._near, self._far) if side.connected]
        for side in sides:
            side.let_go()
        failure = Failure(why)
        for side in sides:
            # Where both streams have ended there is nothing left to shut down.
            side.transport._shouldShutdown = self.error is not None
            side.transport.connectionLost(failure)
        on_done, self._on_done = self._on_done, None
        if on_done is not None:
            on_done(self)


class _Side(Direct):
    """One socket, in its transport's place, and the direction from it to its peer."""

    __slots__ = (
        "_fd",
        "_held",
        "_pipe",
        "_reactor",
        "_relay",
        "_rest",
        "_round",
        "_socket",
        "_waiting",
        "connected",
        "ended",
        "over",
        "peer",
        "received",
        "transport",
    )

    def __init__(self, relay: Splice, transport: Any) -> None:
        self._relay = relay
        self.transport = transport
        self.peer: _Side
        self._reactor: Any = transport.reactor
        self._round = getattr(transport.reactor, "round", NO_ROUND)
        self._socket = transport.socket
        self._fd: int = transport.fileno()
        self._pipe: Pipe | None = None
        self._held = 0  # bytes in the pipe
        self._rest = b""  # received, to be sent before what is in the pipe
        self._waiting = False  # for the peer to take more
        self.received = 0
        self.connected = True
        self.ended = False  # nothing more comes
        self.over = False  # and the peer knows, or cannot be told

    def __repr__(self) -> str:
        state = "over" if self.over else "ended" if self.ended else "open"
        return f"<_Side {state} fd {self._fd} held {self._held + len(self._rest)}>"

    def fileno(self) -> int:
        """The socket's, for the reactor."""
        return self._fd

    def logPrefix(self) -> str:
        """What Twisted calls it in its log."""
        return "relay"

    def take_over(self) -> None:
        """Stand in the transport's place."""
        self.transport.protocol = self
        if hasattr(self._reactor, "replace"):
            self._reactor.replace(self.transport, self)
            return
        self.transport.stopReading()
        self.transport.stopWriting()
        self._reactor.addReader(self)

    def let_go(self) -> None:
        """Leave the reactor and give the pipe back."""
        self.connected = False
        self._reactor.removeReader(self)
        self._reactor.removeWriter(self)
        self._drop()

    def _drop(self) -> None:
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            PIPES.give(pipe, empty=not self._held)
        self._held, self._rest = 0, b""

    # -- reading

    def doRead(self) -> None:
        """Move what has arrived."""
        data = self.receive()
        if data is not None:
            self.deliver(data)

    def receive(self) -> Any:
        """Take from the socket; see `Direct`. Bulk is moved at once."""
        if self._pipe is not None:
            return self._pump(self._pipe)
        try:
            return self._socket.recv(_MOST)
        except BlockingIOError:
            return None
        except OSError as error:
            return error

    def deliver(self, data: Any) -> None:
        """Send what was received; see `Direct`. Nothing is the end, an error is the end of both."""
        if not self.connected:
            return
        if data.__class__ is not bytes:
            self._broke(data)
        elif not data:
            self._end()
        else:
            self.received += len(data)
            self._pass_on(data)

    def hold(self, data: Any) -> None:
        """See `Direct`: it is not much, so it need not wait."""
        self.deliver(data)

    def _pass_on(self, data: bytes) -> None:
        if self.over:  # the peer takes nothing any more
            return
        if self._rest or self._held:
            self._rest += data
        elif self._round.open and len(data) <= _SMALL:
            self._rest = data
            self._round.waiting.append(self)
        else:
            self._send(data)
            if len(data) == _MOST and not (self._rest or self.over):
                self._pipe = PIPES.take()

    def flush(self) -> None:
        """Send what was left for the end of the reactor's round."""
        if self.connected and self._rest and not self._waiting:
            self._send(self._rest)
            self._sent()

    def abortConnection(self) -> None:
        """See `Round`: a flush has failed."""
        self._relay.close()

    def _pump(self, pipe: Pipe) -> Any:
        """Move bulk, until the peer is slow or little comes. Gives what `receive` gives."""
        turn_ends = self.received + _TURN
        while self.received < turn_ends:
            try:
                moved = os.splice(self._fd, pipe.write, pipe.size, flags=_FLAGS)
            except BlockingIOError:
                break
            except OSError as error:
                return error
            if not moved:
                return b""
            self.received += moved
            self._held += moved
            if not self._empty(pipe):
                return None
            if moved < _LITTLE:
                self._drop()
                break
        return None

    # -- writing to the peer

    def _empty(self, pipe: Pipe) -> bool:
        """Move to the peer what is in the pipe; whether it took all."""
        try:
            self._held -= os.splice(pipe.read, self.peer._fd, self._held, flags=_FLAGS)
        except BlockingIOError:
            pass
        except OSError as error:
            self.peer.unwritable(error)
            return False
        if self._held:
            self._wait()
        return self._held == 0

    def _send(self, data: bytes) -> None:
        """Send to the peer, and keep what it does not take."""
        try:
            sent = self.peer._socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self.peer.unwritable(error)
            return
        self._rest = data[sent:]
        if self._rest:
            self._wait()

    def _wait(self) -> None:
        """Read no more until the peer has taken what is held."""
        if not self._waiting:
            self._waiting = True
            self._reactor.removeReader(self)
            self._reactor.addWriter(self.peer)

    def doWrite(self) -> None:
        """The socket takes data again: send it what its peer holds for it."""
        self.peer.push()

    def push(self) -> None:
        """Send what is held; once it is sent, read on."""
        if self._rest:
            self._send(self._rest)
        if self._held and not self._rest and self._pipe is not None:
            self._empty(self._pipe)
        self._sent()

    def _sent(self) -> None:
        if self._rest or self._held or not self.connected or self.over:
            return
        if self._waiting:
            self._waiting = False
            self._reactor.removeWriter(self.peer)
            if not self.ended:
                self._reactor.addReader(self)
        if self.ended:
            self._tell_end()

    # -- ends

    def _end(self) -> None:
        """Nothing more comes from this side."""
        self.ended = True
        self._reactor.removeReader(self)
        if self.over:
            self._settle()
        elif not (self._rest or self._held):
            self._tell_end()

    def _tell_end(self) -> None:
        """The peer has all: say that no more comes."""
        self.over = True
        if not (self.peer.ended and self.peer.over):  # else the close, which is next, says so
            try:
                self.peer._socket.shutdown(socket.SHUT_WR)
            except OSError as error:  # it has broken; reading from it will tell, too
                self._relay.failed(self.peer, error)
        self._settle()

    def _broke(self, error: BaseException) -> None:
        """The socket is dead: its peer gets what came from it, and is then closed."""
        self._relay.failed(self, error)
        self.ended = True
        self._reactor.removeReader(self)
        self.unwritable(error)
        if self.connected and not (self.over or self._rest or self._held):
            self._tell_end()

    def unwritable(self, error: BaseException) -> None:
        """Nothing can be sent here any more, so nothing is read for it. What comes is passed on."""
        self._relay.failed(self, error)
        peer = self.peer
        peer.ended = peer.over = True
        peer._drop()
        self._reactor.removeReader(peer)
        self._reactor.removeWriter(self)
        self._settle()

    def _settle(self) -> None:
        if self.ended and self.over and self.peer.ended and self.peer.over:
            self._relay.finish(main.CONNECTION_DONE)

    def connectionLost(self, reason: Failure) -> None:
        """The reactor or the transport has given the socket up."""
        if self.connected:
            why = reason.value
            if why is None or isinstance(why, ConnectionDone):
                why = ConnectionAborted()
            self._broke(why)
