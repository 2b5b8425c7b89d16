"""TCP transports that send at once.

Twisted's transports queue what is written and ask the reactor to say when the socket can take it:
two system calls and a round of the reactor for every reply. These call `send` inside `write`, and
only what the socket does not take is left to Twisted's buffering, which also keeps its promises
about producers, half-close and `loseConnection`. While the reactor serves several events in one
round, small writes wait for its end: see `Round`. They work on any reactor of Twisted's;
`linkerpy.net.reactor` moreover calls them straight.

`listen` and `connect` make them. They do not know what protocol they carry.
"""

# mypy: disallow-untyped-calls=False
import os
import socket
import struct
from collections.abc import Iterable, Sequence
from errno import EALREADY, EINPROGRESS, EISCONN, ENOBUFS, EWOULDBLOCK
from typing import Any

from twisted.internet import error, main, tcp
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IProtocol

from linkerpy.net.dispatch import NO_ROUND, Direct
from linkerpy.net.options import DEFAULT_OPTIONS, SocketOptions

# The most pieces one `sendmsg` may have (IOV_MAX of Linux).
_MOST_PIECES = 1024

# A write up to this size may wait for the end of the reactor's round.
_SMALL = 16384

# Linux's `struct tcp_info`: the state, and `tcpi_bytes_acked`.
_TCP_INFO = struct.Struct("B119xQ")
_TCP_CLOSE = 7

_UNDER_WAY = (EINPROGRESS, EALREADY, EWOULDBLOCK)

# What is asked for at a time, and once so much was there. Asking for more than there is costs more
# than it brings: the bytes object is allocated whole, then cut.
_READ_SIZE = 65536
BULK_SIZE = 262144


class Immediate(Direct, tcp.Connection):
    """The part that servers and clients share: reading, and writing at once."""

    reactor: Any
    options: SocketOptions

    _round = NO_ROUND

    # An immediate write found the connection dead. The application is in the middle of its own
    # call then, so it is told by the reactor's next round, which `startWriting` brings about.
    _broken = False

    peer_had: int | None = None
    """How many bytes had reached the peer when it refused all that came later; None if unknown."""

    _read_size = _READ_SIZE

    # Received, but not yet delivered, because the protocol has paused; see `Direct`.
    _held: Any = None

    def _own(self) -> None:
        """Have for ourselves what the class has as a default: the interpreter finds it sooner."""
        self.TLS = False
        self.disconnecting = self._writeDisconnected = self._writeDisconnecting = False
        self.producer = None
        self.offset = 0
        self._broken = False
        self._held = None
        self._read_size = _READ_SIZE

    def doRead(self) -> ConnectionLost | ConnectionDone | None:  # type: ignore[override]
        """Give the protocol what has arrived."""
        data = self.receive()
        return None if data is None else self.deliver(data)

    def receive(self) -> Any:
        """Take from the socket; see `Direct`."""
        if self._held is not None:
            held, self._held = self._held, None
            return held
        try:
            data = self.socket.recv(self._read_size)
        except BlockingIOError:
            return None
        except OSError:
            return main.CONNECTION_LOST
        if data:
            self._read_size = _READ_SIZE if len(data) < _READ_SIZE else BULK_SIZE
            return data
        # The failed write took the socket's error, so that the read sees a plain end.
        if self._broken:
            return main.CONNECTION_LOST
        self.peer_had = self._peer_had()
        return main.CONNECTION_DONE

    def _peer_had(self) -> int | None:
        """What `peer_had` is now that the peer has closed its side."""
        return None

    def deliver(self, data: Any) -> ConnectionLost | ConnectionDone | None:
        """Tell the protocol what `receive` gave; see `Direct`."""
        if data.__class__ is bytes:
            self.protocol.dataReceived(data)
            return None
        end: ConnectionLost | ConnectionDone = data
        return end

    def hold(self, data: Any) -> None:
        """Keep what was received until the protocol reads again; see `Direct`."""
        self._held = data

    def startReading(self) -> None:
        """Read on; what is held comes first."""
        super().startReading()
        if self._held is not None:
            self.reactor.callLater(0, self.reactor.deliver_held, self)

    def doWrite(self) -> Any:
        """Send what is buffered, then whatever `FileDescriptor` does once it is sent."""
        if self._broken:
            return main.CONNECTION_LOST
        return super().doWrite()

    def write(self, data: bytes) -> None:
        """Send `data` now; what the socket does not take is sent when it can."""
        if self.TLS or self.dataBuffer or self._tempDataLen or self._broken:
            super().write(data)
            return
        if not isinstance(data, bytes):
            raise TypeError("Data must be bytes")  # as Twisted says it
        if not self.connected or self._writeDisconnected or not data:
            return
        if self._round.open and len(data) <= _SMALL:
            self.dataBuffer = data
            self._round.waiting.append(self)
            return
        sent = self._attempt(self.socket.send, data)
        if sent < len(data):
            self._keep(data, sent, ())
        elif self.producer is not None:
            self._ask_for_more()

    def flush(self) -> None:
        """Send what was left for the end of the reactor's round.

        Until then it counts as buffered, so that Twisted's promises about buffered data hold.
        """
        if self._broken or not self.connected:
            return
        data = self.dataBuffer
        if self.offset or self._tempDataLen:  # `doWrite` came before, or there were more writes
            data = b"".join([data[self.offset :], *self._tempDataBuffer])
        if not data:
            return
        sent = self._attempt(self.socket.send, data)
        if sent < len(data):
            self._keep(data, sent, ())
            return
        self.dataBuffer = b""
        if self.offset or self._tempDataLen:
            self.offset = 0
            self._tempDataBuffer, self._tempDataLen = [], 0
        if self.disconnecting or self._writeDisconnecting or self.producer is not None:
            self.startWriting()  # Twisted's doWrite knows what is due once all is sent

    def writeSequence(self, iovec: Iterable[bytes]) -> None:
        """Send the pieces now, without joining them; buffer what the socket does not take."""
        pieces = iovec if isinstance(iovec, (list, tuple)) else list(iovec)
        if self.TLS or self.dataBuffer or self._tempDataLen or self._broken:
            super().writeSequence(pieces)
            return
        for piece in pieces:
            if not isinstance(piece, bytes):
                raise TypeError("Data must be bytes")  # as Twisted says it
        if not self.connected or self._writeDisconnected:
            return
        for start in range(0, len(pieces), _MOST_PIECES):
            batch = pieces[start : start + _MOST_PIECES]
            sent = self._attempt(self.socket.sendmsg, batch)
            for index, piece in enumerate(batch, start):
                if sent < len(piece):
                    self._keep(piece, sent, pieces[index + 1 :])
                    return
                sent -= len(piece)
        if self.producer is not None:
            self._ask_for_more()

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Take data from `producer`; a pull producer is asked again when all so far is sent."""
        super().registerProducer(producer, streaming)
        # What was written before may be gone already: then no `doWrite` is due that would ask.
        if self.producer is not None and not self.TLS:
            self._ask_for_more()

    def abortConnection(self) -> None:
        """Reset the connection; what is buffered, or written from now on, is dropped."""
        self._broken = True
        super().abortConnection()

    @property
    def pending(self) -> int:
        """How many bytes were written that the socket has not taken yet."""
        return len(self.dataBuffer) - self.offset + self._tempDataLen

    @property
    def holds(self) -> bool:
        """Whether something was received that the protocol has not been given yet."""
        return self._held is not None

    def _attempt(self, send: Any, data: Any) -> int:
        """Send, and say how many bytes the socket took."""
        try:
            return int(send(data))
        except BlockingIOError:
            return 0
        except OSError as error:
            self._broken = error.errno != ENOBUFS
            return 0

    def _keep(self, piece: bytes, sent: int, rest: Sequence[bytes]) -> None:
        """Leave `piece` from offset `sent` on, and `rest`, to Twisted's buffering."""
        self.dataBuffer = piece
        self.offset = sent
        self._tempDataBuffer = list(rest)
        self._tempDataLen = sum(map(len, rest))
        self._maybePauseProducer()
        self.startWriting()

    def _ask_for_more(self) -> None:
        """A pull producer is asked for the next piece by `doWrite`, never from within `write`."""
        if not self.streamingProducer:
            self.startWriting()


class Server(Immediate, tcp.Server):
    """The server side of a connection."""

    def __init__(
        self,
        sock: socket.socket,
        protocol: IProtocol,
        client: tuple[Any, ...],
        server: Any,
        sessionno: int,
        reactor: Any,
    ) -> None:
        super().__init__(sock, protocol, client, server, sessionno, reactor)
        self._own()
        self._round = getattr(reactor, "round", NO_ROUND)
        self.options = getattr(server, "options", DEFAULT_OPTIONS)
        self.options.apply(sock)


class Client(Immediate, tcp.Client):
    """The client side of a connection; its connector is `linkerpy.net.connect.Connecting`."""

    connector: Any

    def createInternetSocket(self) -> socket.socket:
        """A non-blocking socket with the connector's options."""
        self.options = getattr(self.connector, "options", DEFAULT_OPTIONS)
        sock: socket.socket = super().createInternetSocket()
        self.options.apply(sock)
        return sock

    def _finishInit(self, whenDone: Any, skt: Any, error: Any, reactor: Any) -> None:
        """Go on to connecting: now, where Twisted waits for the reactor's next turn."""
        if skt is None:
            super()._finishInit(whenDone, skt, error, reactor)
            return
        no_protocol_yet: Any = None
        self._commonConnection.__init__(self, skt, no_protocol_yet, reactor)
        self._setRealAddress(self.addr)

    def doConnect(self) -> None:
        """Connect; and once the system says that something has come of it, ask what.

        To ask is to connect once more. Other than the socket's error, which Twisted looks at as
        well, that tells an attempt that has succeeded from one that is still under way.
        """
        if not hasattr(self, "connector"):  # it was cancelled
            return
        code = self.socket.connect_ex(self.realAddress)
        if code in _UNDER_WAY:
            self._await_outcome()
        elif "doWrite" not in self.__dict__:  # nobody expects to be told before we return
            self.reactor.callLater(0, self._connected_or_not, code)
        else:
            self._connected_or_not(code)

    def _await_outcome(self) -> None:
        """Have the reactor call again: ours when there is something to tell."""
        self.doWrite = self.doRead = self.doConnect  # type: ignore[method-assign]
        self.startWriting()
        if not hasattr(self.reactor, "round"):
            self.startReading()  # others take an error without it for a lost connection

    def _connected_or_not(self, code: int) -> None:
        if not hasattr(self, "connector"):
            return
        if code not in (0, EISCONN):
            self.failIfNotConnected(error.getConnectError((code, os.strerror(code))))
            return
        self.__dict__.pop("doWrite", None)
        self.__dict__.pop("doRead", None)
        self.startReading()  # before the other ends: then the system is told of one change less
        self.stopWriting()
        self._connectDone()

    def _peer_had(self) -> int | None:
        """As the system counts them, if the peer had closed before it got the rest.

        It had if it answered the rest with a reset, behind the end of its own stream: the
        acknowledgement that came with that end covers whatever it can have read. A peer that has
        closed only its own side does not answer so, and one that breaks off shows no end.
        """
        if not hasattr(socket, "TCP_INFO"):
            return None
        info = self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size)
        if len(info) < _TCP_INFO.size:
            return None
        state, acknowledged = _TCP_INFO.unpack(info)
        return acknowledged - 1 if state == _TCP_CLOSE else None  # one is the connection's start

    def _connectDone(self) -> None:
        self._own()
        self._round = getattr(self.reactor, "round", NO_ROUND)
        super()._connectDone()
