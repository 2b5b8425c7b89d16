"""HTTP/1 client side: a connection to a backend, carrying one exchange at a time.

Source: dataplane spec, sections 2.3, 2.5 and 3.6.
"""

from typing import Protocol

from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from linkerpy.codec.body import Body
from linkerpy.codec.http import HTTP_11, Request, Response
from linkerpy.codec.http1 import ResponseParser
from linkerpy.codec.http1_errors import BadStartLine, Http1Error, Truncated
from linkerpy.codec.http1_write import Framing, request_framing, request_head, whole_body
from linkerpy.core.closable import NOTHING, Closable
from linkerpy.core.errors import (
    BackendClosed,
    BackendError,
    BadRequest,
    Cancelled,
    ConnectionFailed,
    NotDelivered,
    RouterError,
)
from linkerpy.core.reply import Reply
from linkerpy.naming.addr import Address
from linkerpy.net.tls_errors import TlsFailed
from linkerpy.protocol.http.dialing import Dialer
from linkerpy.protocol.http.upgrade import Upgrade
from linkerpy.protocol.http.wire import BodyWriter, Spoken


class Owner(Protocol):
    """The pool that a connection belongs to."""

    address: Address

    def idle(self, connection: "ClientConnection") -> None:
        """An exchange is over and the connection can carry another."""

    def lost(self, connection: "ClientConnection") -> None:
        """The connection has closed, or carries nothing any more."""


class ClientConnection(Spoken):
    """One connection to a backend, carrying one exchange at a time."""

    def __init__(self, owner: Owner, dialer: Dialer) -> None:
        self._owner = owner
        self._dialer = dialer
        wire = dialer.wire
        self._parser = ResponseParser(self, wire.max_initial_line, wire.max_headers)
        self._reply: Reply[Response] | None = None
        self._response: Response | None = None
        self._request_done = True
        self._response_done = True
        self._keep_alive = True
        self._writer: BodyWriter | None = None
        self._upgrade: Upgrade | None = None
        self._lost = False
        self._left_pool = False
        self._life: Closable = NOTHING
        self._sent = self._sent_before = 0

    def connectionMade(self) -> None:
        """Begin to age."""
        # A tick at least, or it would live for ever.
        life_time = max(self._dialer.wire.life_time, 0.01)
        self._life = self._dialer.timers.after(life_time, self._too_old)

    # -- sending ----------------------------------------------------------------------------------

    def exchange(self, request: Request) -> Reply[Response]:
        """Send a request; the reply comes with the response's head."""
        body = request.body
        try:
            framing = request_framing(request)
            # An HTTP/1.0 backend may not tell that it will close; it is not asked to keep.
            keep_alive = request.version == HTTP_11
            head = request_head(request, framing, keep_alive=keep_alive)
        except ValueError:  # nothing was sent: the connection is as good as before
            self._owner.idle(self)
            raise
        self._sent_before = self._sent
        upgrade = self._upgrade = request.ctx.upgrade
        if upgrade is not None:
            head = head[:-2] + upgrade.lines(upgrade.protocols) + b"\r\n"
        reply: Reply[Response] = Reply(self._given_up)
        self._reply = reply
        self._keep_alive = keep_alive
        self._parser.expect(request.method)
        self._response_done = False
        if body.complete:
            data = head + whole_body(framing, body)
            self._dialer.sent.value += len(data)
            self._sent += len(data)
            self.transport.write(data)
        else:
            self._request_done = False
            self._writer = BodyWriter(self, body, framing)
            self._write(head)
            self.transport.registerProducer(self, True)
            self._writer.start()
        return reply

    def _write(self, data: bytes) -> None:
        self._dialer.sent.value += len(data)
        self._sent += len(data)
        self.transport.write(data)

    def written(self, data: bytes) -> None:
        """Part of a streamed request body (called by the writer)."""
        self._write(data)

    def body_ended(self) -> None:
        """The request's body is complete (called by the writer)."""
        self._writer = None
        self._request_done = True
        self.transport.unregisterProducer()
        self._maybe_idle()

    def body_failed(self, error: BaseException) -> None:
        """The client broke off: the backend must not take what it has for the whole."""
        self._writer = None
        if isinstance(error, Http1Error):
            refused = BadRequest(error.reason)
            refused.status = error.status
            error = refused
        self._break(error)

    def _given_up(self, reason: BaseException) -> None:
        """Nobody waits for the response any more."""
        self._reply = None
        self._break(reason)

    def _break(self, error: BaseException) -> None:
        self.transport.abortConnection()
        reply, self._reply = self._reply, None
        if reply is not None:
            reply.fail(error)

    # -- receiving --------------------------------------------------------------------------------

    def dataReceived(self, data: bytes) -> None:
        """Parse, then tell: what came in one read with the head is in the body already."""
        self._dialer.received.value += len(data)
        try:
            self._parser.feed(data)
        except Http1Error as error:
            self._nonsense(error)
            return
        if self._parser.excess:
            self.transport.abortConnection()
            self._leave_pool()  # now: nobody must be lent it while its end is on its way
        response, reply = self._response, self._reply
        if response is not None:
            self._response = self._reply = None
        if self._response_done:  # first, so that a next request finds the connection idle
            self._maybe_idle()
        if response is not None and reply is not None:
            reply.resolve(response)

    def _nonsense(self, error: Http1Error) -> None:
        self.transport.abortConnection()
        reply, self._reply = self._reply, None
        if reply is not None:
            where = self._owner.address.show()
            reply.fail(BackendError(f"The backend {where} sent no valid HTTP/1: {error.reason}"))

    def informational(self, response: Response) -> None:
        """Skip an interim response (called by the parser); the final one is still to come."""

    def response_started(self, response: Response) -> None:
        """A response's head is here (called by the parser).

        Raises: BadStartLine for a switch of protocols that nobody asked for.
        """
        if response.status == 101:
            upgrade = self._upgrade
            if upgrade is None or not upgrade.agree(response.get(b"upgrade")):
                raise BadStartLine("101 Switching Protocols to one that was not asked for")
            upgrade.send = self._send_on
        self._response = response

    def _send_on(self, body: Body) -> None:
        """Pass on what the client says in the protocol it has changed to."""
        if self._lost:
            body.cancel(Cancelled("the backend closed the connection"))
            return
        self._request_done = False
        self._writer = BodyWriter(self, body, Framing.CLOSE)
        self.transport.registerProducer(self, True)
        self._writer.start()

    def response_ended(self) -> None:
        """The response is complete (called by the parser)."""
        self._response_done = True

    def pause_body(self) -> None:
        """The client is slow to take the response (called by the body)."""
        self.transport.pauseProducing()

    def resume_body(self) -> None:
        """The client takes more (called by the body)."""
        if not self._lost:
            self.transport.resumeProducing()

    def cancel_body(self, error: BaseException) -> None:
        """The client left: stop the backend (called by the body)."""
        self.transport.abortConnection()

    # -- ending -----------------------------------------------------------------------------------

    def _maybe_idle(self) -> None:
        """Once both directions are through, be lent again, or close."""
        if self._lost or not self._response_done or self._parser.excess:
            return
        if not self._request_done:  # a backend that takes no more would never see us close
            self.transport.abortConnection()
        elif self._keep_alive and self._parser.should_keep_alive:
            self._owner.idle(self)
        else:
            self.close()

    def _too_old(self) -> None:
        """Close now, or after the exchange that is under way."""
        self._dialer.outlived.value += 1
        if self._request_done and self._response_done:
            self.retire()
        else:
            self._keep_alive = False

    def retire(self) -> None:
        """Close, being idle; from now on nobody is lent it."""
        self._leave_pool()
        self.close()

    def close(self) -> None:
        """Close after what is still being written."""
        self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The backend is gone; for a response that only this could end, that is its end."""
        self._lost = True
        self._life.close()
        self._dialer.closed()
        closed = self._closed(reason.value)
        try:
            self._parser.eof(whole=reason.check(ConnectionDone) is not None)
        except Truncated as error:
            if isinstance(closed, BackendClosed):
                closed.message += f": {error.reason}"
        response, reply = self._response, self._reply
        self._response = self._reply = None
        if reply is not None:
            if response is not None:
                reply.resolve(response)
            else:
                reply.fail(closed)
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.cancel(Cancelled("the backend closed the connection"))
        self._leave_pool()

    def _closed(self, reason: BaseException | None) -> RouterError:
        """Why there is no response. The system may know that the request cannot have been read."""
        if isinstance(reason, TlsFailed) and reason.at_the_door:  # TLS 1.3 may refuse us so late
            where = self._owner.address.show()
            text = f"Unable to establish connection to {where}."
            return ConnectionFailed(text, cause=reason.text)
        text = f"The backend {self._owner.address.show()} closed the connection"
        arrived = getattr(self.transport, "peer_had", None)
        if arrived is not None and arrived <= self._sent_before:
            return NotDelivered(f"{text} before the request reached it")
        return BackendClosed(text)

    def _leave_pool(self) -> None:
        if not self._left_pool:
            self._left_pool = True
            self._owner.lost(self)

    # -- the transport's view of a streamed request -----------------------------------------------

    def pauseProducing(self) -> None:
        """The backend is slow: hold the request back."""
        if self._writer is not None:
            self._writer.pause()

    def resumeProducing(self) -> None:
        """The backend takes more."""
        if self._writer is not None:
            self._writer.resume()

    def stopProducing(self) -> None:
        """The transport is gone; `connectionLost` deals with it."""
