"""HTTP/1 server side: requests from a client's connection, responses back in their order.

One connection serves one request at a time; requests that arrive meanwhile (pipelining) wait in
order, and reading stops while one waits. A client that goes away cancels what it asked for.

Source: dataplane spec, sections 2.5 and 2.6.
"""

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from linkerpy.codec.body import EMPTY
from linkerpy.codec.http import HTTP_11, Request, Response
from linkerpy.codec.http1 import RequestParser
from linkerpy.codec.http1_errors import Http1Error
from linkerpy.codec.http1_write import (
    CONTINUE,
    Framing,
    response_framing,
    response_head,
    whole_body,
)
from linkerpy.core.closable import NOTHING, Closable
from linkerpy.core.drive import Drive, drive
from linkerpy.core.errors import Cancelled, RouterError
from linkerpy.protocol.http.upgrade import Upgrade
from linkerpy.protocol.http.wire import BodyWriter, Spoken, Stall, peer_name
from linkerpy.router.dst import Context

if TYPE_CHECKING:
    from linkerpy.protocol.http.port import HttpPort

_QUEUE, _BODY, _UNTAKEN = 1, 2, 4
"""Reasons for not reading: a request waits its turn, a backend is slow to take a body, the client
is slow to take its responses."""

_MOST_UNTAKEN = 1 << 17
"""Bytes of responses that wait for the client before it is asked for no more requests."""

_DISCARD_LIMIT = 1 << 20
"""Bytes of a refused request body that are still read, so that the client sees the response."""


class ServerConnection(Spoken):
    """One client's connection."""

    def __init__(self, server: "HttpPort") -> None:
        self.port = server
        """Where it belongs; a reload may give it to another."""
        self._parser = RequestParser(self, server.wire.max_initial_line, server.wire.max_headers)
        self._peer = ""
        self._queue: deque[tuple[Request, bool]] = deque()
        self._request: Request | None = None
        self._keep_alive = True
        self._drive: Drive | None = None
        self._writer: BodyWriter | None = None
        self._refusal: Http1Error | None = None
        self._unread = 0
        self._timer: Closable = NOTHING
        """Limits what is waited for: a request, the rest of its head, the end of a refused one."""
        self._head_begun = False
        self._life: Closable = NOTHING
        self._outlived = False
        self._closing = False
        self._discarded = 0
        self._heard = 0
        self._upload: Closable = NOTHING
        """Ends a request body that does not go on."""
        self._taking = Stall(server.timers, server.wire.stall_timeout, self._untaken, self.abort)

    def __repr__(self) -> str:
        doing = f"serving {self._request!r}" if self._request else "idle"
        return f"<ServerConnection {self._peer} {doing}, {len(self._queue)} waiting>"

    # -- reading ----------------------------------------------------------------------------------

    def connectionMade(self) -> None:
        """Note who is there."""
        self._peer = peer_name(self.transport.getPeer())
        self.port.connections.add(self)
        self.port.connects.value += 1
        self._life = self.port.timers.after(self.port.wire.life_time, self._too_old)
        self._watch()

    def dataReceived(self, data: bytes) -> None:
        """Parse, then serve; what came in one read is known in full before it is served."""
        self.port.received.value += len(data)
        self._heard += 1
        if self._closing:
            self._discard(len(data))
            return
        try:
            self._parser.feed(data)
        except Http1Error as error:
            self._refusal = error
        if self._request is None:
            self._next()
        if self._queue:
            self._stop_reading(_QUEUE)

    def request_started(self, request: Request, keep_alive: bool) -> None:
        """A request's head is here (called by the parser)."""
        self._queue.append((request, keep_alive))

    def pause_body(self) -> None:
        """The backend is slow to take the request's body (called by the body)."""
        self._stop_reading(_BODY)

    def resume_body(self) -> None:
        """The backend takes more (called by the body)."""
        self._read_on(_BODY)

    def cancel_body(self, error: BaseException) -> None:
        """Nobody takes the rest of the body (called by the body); `_finished` deals with it."""

    def _stop_reading(self, reason: int) -> None:
        if not self._unread:
            self.transport.pauseProducing()
        self._unread |= reason

    def _read_on(self, reason: int) -> None:
        if self._unread & reason:
            self._unread &= ~reason
            if not self._unread:
                self.transport.resumeProducing()

    def _watch(self) -> None:
        """Limit the time until the next request, and that of a head that has begun."""
        begun = not self._parser.idle
        if begun:
            if not self._head_begun:
                self._expire(self.port.wire.head_timeout, self._head_too_slow)
        elif self.port.idles:
            self._expire(self.port.wire.idle_time, self._idle_too_long)
        self._head_begun = begun

    def _expire(self, delay: float, call: Callable[[], None]) -> None:
        self._timer.close()
        self._timer = self.port.timers.after(delay, call)

    def _idle_too_long(self) -> None:
        self.port.idled.value += 1
        self._close()

    def _too_old(self) -> None:
        self.port.outlived.value += 1
        self._outlived = True
        self.drain()

    def _head_too_slow(self) -> None:
        if self._request is None and not self._queue:
            self._refusal = Http1Error("the request head took too long", 408)
            self._next()

    # -- serving ----------------------------------------------------------------------------------

    def _next(self) -> None:
        """Serve what waits, until one takes its time or nothing is left."""
        while self._request is None and not (self._closing or self._unread & _UNTAKEN):
            if self.transport.pending > _MOST_UNTAKEN:
                self._wait_for_client()
                return
            if not self._queue:
                if self._refusal is not None:
                    self._refuse(self._refusal)
                else:
                    self._watch()
                return
            self._serve(*self._queue.popleft())
            if not self._queue:  # reading is also how a client's leaving shows
                self._read_on(_QUEUE)

    def _serve(self, request: Request, keep_alive: bool) -> None:
        if self._timer is not NOTHING:
            self._timer.close()
            self._timer = NOTHING
            self._head_begun = False
        self._request = request
        # What follows a CONNECT was perhaps meant for its tunnel, and is no request.
        self._keep_alive = keep_alive and request.method != b"CONNECT"
        if not request.body.over:
            self._watch_upload(request)
        request.ctx = Context(self._peer, self)
        if b"expect" in request.names:
            self._expect(request)
        running = drive(self.port.service(request), self._respond)
        if not running.finished:
            self._drive = running

    def _watch_upload(self, request: Request) -> None:
        """Give up a body that stops, but for the time in which it waits for the backend."""
        stall = self._upload = Stall(
            self.port.timers, self.port.wire.stall_timeout, self._uploaded, self._give_up
        )
        stall.watch()
        request.body.on_end(stall.ended)

    def _uploaded(self) -> object:
        return object() if self._unread else self._heard

    def _give_up(self) -> None:
        self._parser.give_up(Http1Error("the rest of the request body did not come", 408))

    def _untaken(self) -> object:
        return self.transport.pending

    def _wait_for_client(self) -> None:
        """Serve nothing more until the client has taken what it was sent."""
        self._stop_reading(_UNTAKEN)
        self._taking.watch()
        self.transport.registerProducer(self, False)

    def _expect(self, request: Request) -> None:
        """Answer `100-continue` ourselves; the header goes no further."""
        request.remove(b"expect")
        if request.version == HTTP_11 and not request.body.over:
            self._write(CONTINUE)

    def _respond(self, response: Response | None, error: BaseException | None) -> None:
        """The stack's answer. The client that is gone gets none."""
        late, self._drive = self._drive is not None, None
        if isinstance(error, Cancelled) or self._request is None:
            if response is not None:
                response.body.cancel(Cancelled("the client is gone"))
            return
        if response is None:
            response = self.port.report(RouterError(f"Internal error: {error}"))
        try:
            self._send(self._request, response)
        except ValueError as unwritable:
            response.body.cancel(unwritable)
            known = RouterError(f"The response cannot be written as HTTP/1: {unwritable}")
            self._send(self._request, self.port.report(known))
        if late:  # otherwise `_next` is under way
            self._next()

    def _send(self, request: Request, response: Response) -> None:
        if response.status == 101:
            self._switch(request, response)
            return
        body = response.body
        framing = response_framing(response, request.method, request.version)
        unread = request.body is not EMPTY and _unread(request)
        if unread or self.port.draining or self._outlived or framing is Framing.CLOSE:
            self._keep_alive = False
        head = response_head(response, framing, request.version, keep_alive=self._keep_alive)
        if body.complete:
            self._write(head + whole_body(framing, body))
            if unread or not self._keep_alive:
                self._finished()
            else:
                self._request = None
            return
        self._writer = BodyWriter(self, body, framing)
        self._write(head)
        self.transport.registerProducer(self, True)
        self._writer.start()

    def _switch(self, request: Request, response: Response) -> None:
        """The backend agreed to another protocol: pass on whatever comes, both ways.

        Raises: ValueError when the client did not wait for this answer.
        """
        upgrade: Upgrade = request.ctx.upgrade
        if self._queue or self._refusal is not None:
            raise ValueError("the client went on before it was told of the upgrade")
        to_backend = self._parser.upgrade()
        assert upgrade.send is not None  # set by the connection that took the 101
        head = response_head(response, Framing.NONE, keep_alive=True)[:-2]
        self._keep_alive = False
        self._writer = BodyWriter(self, response.body, Framing.CLOSE)
        self._write(head + upgrade.lines(upgrade.agreed) + b"\r\n")
        self.transport.registerProducer(self, True)
        self._writer.start()
        upgrade.send(to_backend)

    def written(self, data: bytes) -> None:
        """Part of a streamed response (called by the writer)."""
        self._write(data)

    def _write(self, data: bytes) -> None:
        self.port.sent.value += len(data)
        self.transport.write(data)

    def body_ended(self) -> None:
        """The streamed response is complete (called by the writer)."""
        self._writer = None
        self.transport.unregisterProducer()
        self._finished()
        self._next()

    def body_failed(self, error: BaseException) -> None:
        """The response broke off (called by the writer): only a broken connection can say so."""
        self._writer = None
        self.abort()

    def _finished(self) -> None:
        """A response is on its way; go on with the connection or end it."""
        request, self._request = self._request, None
        assert request is not None
        if _unread(request):
            request.body.cancel(Cancelled("the response came before the request's end"))
            self._linger()
        elif not self._keep_alive or self.port.closing:
            self._close()

    def _refuse(self, error: Http1Error) -> None:
        """Answer bytes that are no request, and close: what follows cannot be understood."""
        known = RouterError(error.reason)
        known.status = error.status
        response = self.port.report(known)
        head = response_head(response, Framing.LENGTH, keep_alive=False)
        self._write(head + whole_body(Framing.LENGTH, response.body))
        self._linger()

    # -- ending -----------------------------------------------------------------------------------

    def _close(self) -> None:
        self._closing = True
        if self.transport.pending:
            self._taking.watch()
        self.transport.loseConnection()

    def _linger(self) -> None:
        """Close our side, and read on for a moment: a reset would destroy the response."""
        self._closing = True
        self._unread = 0
        self.transport.resumeProducing()
        self.transport.loseWriteConnection()
        self._timer.close()
        self._timer = self.port.timers.after(self.port.wire.linger, self.abort)

    def _discard(self, size: int) -> None:
        self._discarded += size
        if self._discarded > _DISCARD_LIMIT:
            self.abort()

    def drain(self) -> None:
        """End the connection as soon as its present response is out.

        A request whose head has begun to arrive is under way.
        """
        if self._request is None and not self._queue and self._parser.idle:
            self._close()

    def abort(self) -> None:
        """End the connection now."""
        self._closing = True
        self.transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The client is gone: so is the interest in what it asked for."""
        self._closing = True
        for timer in (self._timer, self._life, self._upload, self._taking):
            timer.close()
        self._queue.clear()
        self.port.gone(self)
        self._request = None
        running, self._drive = self._drive, None
        gone = Cancelled("the client closed the connection")
        if running is not None:
            running.cancel(gone)
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.cancel(gone)
        with suppress(Http1Error):  # what a half-sent request was is no news any more
            self._parser.eof()

    # -- the transport's view of a streamed response ----------------------------------------------

    def pauseProducing(self) -> None:
        """The client is slow: hold the response back."""
        if self._writer is not None:
            self._taking.watch()
            self._writer.pause()

    def resumeProducing(self) -> None:
        """The client has taken all that there was."""
        self._taking.close()
        if self._writer is not None:
            self._writer.resume()
        elif self._unread & _UNTAKEN:
            self.transport.unregisterProducer()
            self._read_on(_UNTAKEN)
            self._next()

    def stopProducing(self) -> None:
        """The transport is gone; `connectionLost` deals with it."""


def _unread(request: Request) -> bool:
    """Whether the end of the request's body is not known: still to come, or never."""
    return not request.body.over or request.body.error is not None
