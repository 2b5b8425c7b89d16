"""TLS on linkerpy's TCP transports, with the same promises as those.

OpenSSL works in memory: what the socket brings goes in, what it makes of writes comes out and is
sent at once. A protocol is made once the handshake is over, so that to it the connection is as any
other; it may ask for `getPeerCertificate()`, `negotiatedProtocol` and `server_name`.

Half-close works, as TLS has it: `loseWriteConnection` sends close_notify and the end of the stream,
and a peer's close_notify is the end of what it says. A stream that ends without one is broken off.

`listen` and `connect` make these transports. Source: RFC 8446, sections 5.1 and 6.1.
"""

# mypy: disallow-untyped-calls=False
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from OpenSSL import SSL
from twisted.internet import main
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import INegotiated, ISSLTransport
from twisted.python import log
from twisted.python.failure import Failure
from zope.interface import implementer

from linkerpy.net import tls_records
from linkerpy.net.timed import TimedClient, TimedServer
from linkerpy.net.tls_errors import TlsCut, TlsFailed, closed, explain, not_tls, renegotiated
from linkerpy.net.tls_handshake import Handshake
from linkerpy.net.tls_records import RECORD, Records
from linkerpy.net.transport import Client, Immediate, Server

_READ_SIZE = 65536

_LONGEST = 5 + RECORD + 2048
"""Bytes of the largest record that any version of TLS allows."""

_SLICE = 16 * RECORD
"""Bytes that are encrypted in one go."""

_ADDED, _ADDED_ONCE = 128, 512
"""More than a record adds to its plaintext, and than OpenSSL puts in front by itself."""

_ALERT, _HANDSHAKE = 21, 22

_PLAIN_ANSWER = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 43\r\n"
    b"Connection: close\r\n\r\nThis port speaks TLS: write https:// here.\n"
)


@implementer(ISSLTransport, INegotiated)
class Tls(Immediate):
    """The part that servers and clients share."""

    negotiatedProtocol: bytes | None = None
    """What ALPN agreed on."""

    records: type[Records] = tls_records.records

    _tls: Any = None
    _records: Records
    _shaking: Handshake | None = None
    """While it is under way."""

    _shaken: Handshake | None = None
    """The same, for what it is still to be told later."""

    # The peer's bytes that are still to come of a record that has begun, or its header's beginning.
    _gap = 0
    _header = b""

    # Whether the protocol reads, whether OpenSSL may still hold something for it, and the end that
    # comes behind that.
    _reads = False
    _left = False
    _end: Exception | None = None

    _notified = False  # of our end, by close_notify

    # Bytes sent, encrypted and plain; and both as they were when the peer was last heard of.
    _out = _plain = 0
    _mark = (0, 0)
    _heard = False

    _spoken = False  # the peer, at all

    # -- the handshake ----------------------------------------------------------------------------

    def shake_hands(self, tls: Any, shaking: Handshake) -> None:
        """Begin; `shaking` makes the protocol in the end, or hears why not."""
        self._tls, self._shaking, self._shaken = tls, shaking, shaking
        self._records = self.records(tls)
        if shaking.attempt.calling:
            tls.set_connect_state()
            self._shake()
        else:
            tls.set_accept_state()

    def _shake(self) -> Exception | None:
        """Go on with the handshake."""
        shaking = self._shaking
        assert shaking is not None
        try:
            self._tls.do_handshake()
        except SSL.WantReadError:
            self._send_out()
            return None
        except SSL.Error as error:
            self._send_out()
            self.flush()
            return explain(error, shaking.attempt)
        self._send_out()
        self._mark = (self._out, 0)
        self._shaking = None
        self.negotiatedProtocol = self._tls.get_alpn_proto_negotiated() or None
        shaking.done()
        self._left = True  # perhaps the peer's first words came with the end of its handshake
        return self._take_left() if self._reads and self.connected else None

    def _hear(self, data: bytes) -> Exception | None:
        """Bytes of the handshake."""
        shaking = self._shaking
        assert shaking is not None
        attempt = shaking.attempt
        first = not attempt.begun
        attempt.heard(data)
        if first and data[0] not in (_HANDSHAKE, _ALERT):
            failed = not_tls(attempt)
            if failed.cause == "plain_http" and not attempt.calling:
                super().write(_PLAIN_ANSWER)
                self.flush()
            return failed
        ended = self._whole(data)
        self._records.take(data)
        return self._shake() if ended else None

    def _send_out(self) -> None:
        """Send what OpenSSL has to say by itself."""
        try:
            while True:
                data = self._tls.bio_read(_SLICE)
                self._out += len(data)
                super().write(data)
        except SSL.WantReadError:
            return

    # -- receiving --------------------------------------------------------------------------------

    def deliver(self, data: Any) -> Any:
        """Tell the protocol what the bytes mean; see `Direct`."""
        if data.__class__ is not bytes:
            return self._ended(data)
        if self._shaking is not None:
            return self._hear(data)
        whole = self._whole(data)
        self._records.take(data)
        return self._receive(whole) if whole else None

    def _whole(self, data: bytes) -> int:
        """How many records end within `data`; every one of them can be read as a whole then."""
        at = self._gap
        if self._header:
            data, at = self._header + data, 0
        size = len(data)
        count = 1 if 0 < at <= size else 0
        while at + 5 <= size:
            length = 5 + (data[at + 3] << 8 | data[at + 4])
            if length > _LONGEST:  # OpenSSL will say so
                return count + 1
            at += length
            if at <= size:
                count += 1
        self._header, self._gap = (data[at:], 0) if at < size else (b"", at - size)
        return count

    def _receive(self, most: int) -> Exception | None:
        """Deliver up to `most` records, all in one."""
        data, why = self._records.open(most)
        end = None if why is None else self._stopped_by(why)
        if data:
            self._heard = True
            if not self._spoken and self._shaken is not None:
                self._spoken = True
                self._shaken.heard()
            self.protocol.dataReceived(data)
        if end is not None and not self._reads:
            self._left, self._end = True, end
            return None
        return end

    def _stopped_by(self, why: SSL.Error) -> Exception | None:
        """What it means for the connection that OpenSSL gives no more plaintext."""
        if isinstance(why, SSL.WantReadError):  # a record was no data
            return self._answer()
        if isinstance(why, SSL.ZeroReturnError):
            self.peer_had = self._peer_had()
            return main.CONNECTION_DONE
        return self._broken_by(why)

    def _broken_by(self, error: SSL.Error) -> TlsFailed:
        """TLS broke after the handshake; of a server's last checks only this tells."""
        self._send_out()
        self.flush()
        assert self._shaken is not None
        return self._broke(explain(error, self._shaken.attempt))

    def _answer(self) -> TlsFailed | None:
        """Send what OpenSSL answers by itself; before TLS 1.3 that refuses to shake hands again."""
        before = self._out
        self._send_out()
        if self._out == before or self._tls.get_protocol_version() >= SSL.TLS1_3_VERSION:
            return None
        self.flush()
        assert self._shaken is not None
        return self._broke(renegotiated(self._shaken.attempt))

    def _broke(self, failed: TlsFailed) -> TlsFailed:
        failed.at_the_door = failed.at_the_door and not self._spoken
        assert self._shaken is not None
        self._shaken.broke(failed)
        return failed

    def _ended(self, end: ConnectionLost | ConnectionDone) -> Exception:
        """The stream has ended, and no close_notify told so: what came may not be all."""
        if end is main.CONNECTION_DONE and self._shaking is None:
            return TlsCut("the peer ended the stream without TLS's close_notify")
        return end

    def startReading(self) -> None:
        """Read on; what OpenSSL holds comes first."""
        self._reads = True
        super().startReading()
        if self._left and self._shaking is None:
            self.reactor.callLater(0, self._go_on)

    @property
    def holds(self) -> bool:
        """Whether something was received that the protocol has not been given yet."""
        return self._left or self._held is not None

    def stopReading(self) -> None:
        """Deliver nothing more for now."""
        self._reads = False
        super().stopReading()

    def _go_on(self) -> None:
        if not (self._left and self._reads and self.connected):
            return
        end: BaseException | None
        try:
            end = self._take_left()
        except Exception as error:  # noqa: BLE001 - of the protocol; it costs one connection
            log.callWithLogger(self, log.err)
            end = error
        if end is main.CONNECTION_DONE:
            super().stopReading()
            self.readConnectionLost(Failure(end))
        elif end is not None:
            self.connectionLost(Failure(end))

    def _take_left(self) -> Exception | None:
        self._left = False
        end, self._end = self._end, None
        return end or self._receive(RECORD)  # until OpenSSL has no more

    # -- sending ----------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Encrypt and send `data` now; what the socket does not take is sent when it can."""
        if not isinstance(data, bytes):
            raise TypeError("Data must be bytes")  # as Twisted says it
        if not self.connected or self._writeDisconnected or self._notified or not data:
            return
        if self._broken:  # it goes nowhere, but a producer must be told to stop
            super().write(data)
            return
        if self._heard:
            self._heard, self._mark = False, (self._out, self._plain)
        self._plain += len(data)
        if len(data) <= _SLICE:
            super().write(self._seal(data))
            return
        for start in range(0, len(data), _SLICE):
            super().write(self._seal(data[start : start + _SLICE]))

    def writeSequence(self, iovec: Iterable[bytes]) -> None:
        """Send the pieces; together, for each would make a record of its own."""
        self.write(b"".join(iovec))

    def _seal(self, data: bytes) -> bytes:
        """Records that hold `data`."""
        size = len(data) + _ADDED * (1 + len(data) // RECORD) + _ADDED_ONCE
        try:
            sealed = self._records.seal(data, size)
        except SSL.Error:  # TLS broke, and the next read tells how
            self._broken = True
            self.startWriting()
            return b""
        self._out += len(sealed)
        if len(sealed) == size:
            super().write(sealed)
            self._send_out()
            return b""
        return sealed

    # -- ending -----------------------------------------------------------------------------------

    def _notify(self) -> bool:
        """Send close_notify, once; whether it is out."""
        if not self._notified and not self._broken and self._shaking is None:
            self._notified = True
            try:
                self._tls.shutdown()
                alert = self._tls.bio_read(_SLICE)
            except SSL.Error:  # TLS is broken: there is nothing to say it with
                return True
            sent = self._attempt(self.socket.send, alert)
            if sent < len(alert):
                self.dataBuffer, self.offset = alert, sent
                self.startWriting()
        return not self.dataBuffer

    def _postLoseConnection(self) -> Any:
        if not self._notify():
            return None
        if not self._spoken:
            self._drop_tickets()
        return super()._postLoseConnection()

    def _drop_tickets(self) -> None:
        """Take what a server has sent of itself; unread, it would make the close a reset."""
        with suppress(OSError):
            self.socket.recv(_READ_SIZE)

    def _closeWriteConnection(self) -> Any:
        return super()._closeWriteConnection() if self._notify() else None

    def connectionLost(self, reason: Failure) -> None:
        """Close; a handshake that was under way has failed."""
        shaking = self._shaking
        if shaking is not None and reason.value.__class__ in (ConnectionDone, ConnectionLost):
            reason = Failure(closed(shaking.attempt))
        if self._tls is not None:  # or OpenSSL would take the session for spoilt
            self._tls.set_shutdown(SSL.SENT_SHUTDOWN | SSL.RECEIVED_SHUTDOWN)
        shaken, self._shaken = self._shaken, None
        super().connectionLost(reason)
        if shaken is not None and shaking is None:
            shaken.gone()

    # -- what protocols may ask -------------------------------------------------------------------

    def getPeerCertificate(self) -> Any:
        """The peer's certificate, a `cryptography.x509.Certificate`; None if it showed none."""
        return self._tls.get_peer_certificate(as_cryptography=True)

    @property
    def server_name(self) -> str | None:
        """The name that the client asked for by SNI."""
        name = self._tls.get_servername()
        return None if name is None else name.decode("ascii", "replace")

    @property
    def tls_version(self) -> str:
        """`TLSv1.3`, and so on."""
        return str(self._tls.get_protocol_version_name())

    def _peer_had(self) -> int | None:
        """In bytes of plaintext: all that was written before the peer last spoke, or just all."""
        had = super()._peer_had()
        if had is None:
            return None
        out, plain = self._mark
        return plain if had <= out else self._plain


class TlsServer(Tls, Server):
    """The server side of a connection."""


class TlsClient(Tls, Client):
    """The client side of a connection."""


class TlsTimedServer(Tls, TimedServer):
    """The server side, with timeouts."""


class TlsTimedClient(Tls, TimedClient):
    """The client side, with timeouts."""
