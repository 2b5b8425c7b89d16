"""HTTP/1 client side: an endpoint, its pool of connections, and one exchange at a time on each.

Source: dataplane spec, sections 2.3, 2.5 and 3.6.
"""

from typing import Any

from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from linkerpy.codec.http import HTTP_11, Request, Response
from linkerpy.codec.http1 import ResponseParser
from linkerpy.codec.http1_errors import Http1Error, Truncated
from linkerpy.codec.http1_write import request_framing, request_head, whole_body
from linkerpy.core.errors import (
    BackendClosed,
    BackendError,
    BadRequest,
    Cancelled,
    TooManyWaiters,
)
from linkerpy.core.reply import Reply
from linkerpy.naming.addr import Address
from linkerpy.policy.balance import CLOSED, OPEN
from linkerpy.policy.pool import Advice, Pool
from linkerpy.protocol.http.dialing import Dialer
from linkerpy.protocol.http.wire import BodyWriter


class HttpEndpoint:
    """One replica, spoken to in HTTP/1."""

    __slots__ = ("_dialer", "_gone", "address", "load", "pool")

    def __init__(self, address: Address, dialer: Dialer) -> None:
        self.address = address
        self.load = 0
        self.pool: Pool[ClientConnection, Reply[ClientConnection | None]] = Pool(dialer.limits)
        self._dialer = dialer
        self._gone = False
        dialer.endpoints.add(self)

    def __repr__(self) -> str:
        return f"<HttpEndpoint {self.address.show()} load {self.load} {self.pool!r}>"

    @property
    def status(self) -> int:
        """Open until the address is gone."""
        return CLOSED if self._gone else OPEN

    @property
    def weight(self) -> float:
        """The address's weight."""
        return self.address.weight

    async def send(self, request: Request) -> Response:
        """Lend a connection to the request; see `Endpoint`.

        Raises:
            ConnectionFailed, BindingTimeout, TooManyWaiters: it never left.
            BackendError: it left, and no response came.
        """
        self.load += 1
        try:
            connection: Any = self.pool.lend()
            if connection.__class__ is not ClientConnection:
                connection = await self._obtain(connection, request.ctx)
            response: Response = await connection.exchange(request)
        except BaseException:
            self.load -= 1
            raise
        if response.body.over:
            self.load -= 1
        else:
            response.body.on_end(self._one_less)
        return response

    def _one_less(self, _outcome: object) -> None:
        self.load -= 1

    async def _obtain(self, found: Any, ctx: Any) -> "ClientConnection":
        """A connection that is not idle at hand: a new one, or one that others still use."""
        while found.__class__ is not ClientConnection:
            if found is Advice.CONNECT:
                found = await self._connect(ctx)
            elif found is Advice.REFUSE:
                self._dialer.refused.value += 1
                raise TooManyWaiters(
                    f"{len(self.pool.waiters)} requests wait for a connection to "
                    f"{self.address.show()} already (maxWaiters)"
                )
            else:
                self._dialer.waited.value += 1
                found = await self._queue(ctx.acquire_by) or self.pool.lend()
        obtained: ClientConnection = found
        return obtained

    async def _queue(self, acquire_by: float) -> "ClientConnection | None":
        """A connection given back, or None when there is room to open one."""
        waiter: Reply[ClientConnection | None] = Reply(lambda _: self.pool.waiters.remove(waiter))
        self.pool.waiters.append(waiter)
        timer = self._dialer.limit(waiter, acquire_by)
        try:
            return await waiter
        finally:
            timer.close()

    async def _connect(self, ctx: Any) -> "ClientConnection":
        self.pool.size += 1
        try:
            made: ClientConnection = await self._dialer.dial(
                self.address, self._protocol, ctx.acquire_by
            )
        except BaseException:
            self.pool.size -= 1
            self._make_room()
            raise
        return made

    def _protocol(self) -> "ClientConnection":
        return ClientConnection(self, self._dialer)

    def idle(self, connection: "ClientConnection") -> None:
        """An exchange is over and the connection can carry another."""
        if self._gone and not self.pool.waiters:
            connection.close()
            return
        waiter = self.pool.give_back(connection, self._dialer.clock.seconds())
        if waiter is not None:
            waiter.resolve(connection)
        else:
            self._dialer.expect_idle()

    def lost(self, connection: "ClientConnection") -> None:
        """A connection has closed."""
        self.pool.lost(connection)
        self._make_room()

    def _make_room(self) -> None:
        """There is room for a connection again: let whoever waits longest open one."""
        if self.pool.waiters:
            self.pool.waiters.popleft().resolve(None)

    def close(self) -> None:
        """The address is gone: idle connections close now, the others after their exchange."""
        self._gone = True
        self._dialer.endpoints.discard(self)
        for connection in self.pool.take_idle():
            connection.close()


@implementer(IPushProducer)
class ClientConnection(Protocol):
    """One connection to a backend, carrying one exchange at a time."""

    transport: Any

    def __init__(self, endpoint: HttpEndpoint, dialer: Dialer) -> None:
        self._endpoint = endpoint
        self._dialer = dialer
        wire = dialer.wire
        self._parser = ResponseParser(self, wire.max_initial_line, wire.max_headers)
        self._reply: Reply[Response] | None = None
        self._response: Response | None = None
        self._request_done = True
        self._response_done = True
        self._keep_alive = True
        self._writer: BodyWriter | None = None
        self._lost = False
        self._left_pool = False

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
            self._endpoint.idle(self)
            raise
        reply: Reply[Response] = Reply(self._given_up)
        self._reply = reply
        self._keep_alive = keep_alive
        self._parser.expect(request.method)
        self._response_done = False
        if body.complete:
            self._write(head + whole_body(framing, body))
        else:
            self._request_done = False
            self._writer = BodyWriter(self, body, framing)
            self._write(head)
            self.transport.registerProducer(self, True)
            self._writer.start()
        return reply

    def _write(self, data: bytes) -> None:
        self._dialer.sent.value += len(data)
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
            where = self._endpoint.address.show()
            reply.fail(BackendError(f"The backend {where} sent no valid HTTP/1: {error.reason}"))

    def informational(self, response: Response) -> None:
        """Skip an interim response (called by the parser); the final one is still to come."""

    def response_started(self, response: Response) -> None:
        """A response's head is here (called by the parser)."""
        self._response = response

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
            self._endpoint.idle(self)
        else:
            self.close()

    def close(self) -> None:
        """Close after what is still being written."""
        self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The backend is gone; for a response that only this could end, that is its end."""
        self._lost = True
        self._dialer.closed()
        closed = BackendClosed(f"The backend {self._endpoint.address.show()} closed the connection")
        try:
            self._parser.eof()
        except Truncated as error:
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

    def _leave_pool(self) -> None:
        if not self._left_pool:
            self._left_pool = True
            self._endpoint.lost(self)

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
