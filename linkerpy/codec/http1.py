"""HTTP/1 parsers: bytes as they come off the wire to Requests, Responses and their bodies.

`protocol/http` owns one parser per connection and feeds it; the parser calls its owner and writes
into bodies. It never sees a transport, and decides nothing about routing or replies.

A head is read once it is whole: the start line and each field line are matched against the grammar
of RFC 9112, exactly, and nothing between them may be left over (`http1_head`). Where a body begins
and ends is decided from the fields (`http1_framing`), and bodies are cut here as they come
(`http1_body`). An HTTP parser made for servers can do neither for a proxy: it cannot be told that
a response answers HEAD, and it takes the body of an upgrade request for another protocol.

Source: RFC 9112; dataplane spec, sections 2.4 to 2.6.
"""

from typing import Protocol

from linkerpy.codec.body import EMPTY, Body, Stream
from linkerpy.codec.http import HTTP_10, HTTP_11, Request, Response
from linkerpy.codec.http1_body import Chunked, Cutter, Sized, UntilClose
from linkerpy.codec.http1_errors import BadStartLine, Http1Error, Truncated, quoted
from linkerpy.codec.http1_framing import CHUNKED, UNTIL_CLOSE, request_framing, response_framing
from linkerpy.codec.http1_head import (
    REQUEST_LINE,
    STATUS_LINE,
    Limits,
    find_end,
    fits,
    read_fields,
    refuse_start_line,
)

MAX_INITIAL_LINE = 4096
MAX_HEADERS = 8192
"""Bytes. Source: dataplane spec, section 2.6."""


class BodyOwner(Protocol):
    """What every owner of a parser does about the bodies it is sending up."""

    def pause_body(self) -> None:
        """The consumer is slow: read no more from the connection."""

    def resume_body(self) -> None:
        """The consumer has caught up: read on."""

    def cancel_body(self, error: BaseException) -> None:
        """The consumer left. The rest of the body, if still fed, is parsed and dropped."""


class RequestOwner(BodyOwner, Protocol):
    """A server connection."""

    def request_started(self, request: Request, keep_alive: bool) -> None:
        """A head is complete, and in its body is what came in the same read.

        May be called again before the first is answered (pipelining). Without `keep_alive` this is
        the connection's last request; the parser drops whatever follows it.
        """


class ResponseOwner(BodyOwner, Protocol):
    """A client connection."""

    def informational(self, response: Response) -> None:
        """A 1xx response other than 101; the response itself is still to come."""

    def response_started(self, response: Response) -> None:
        """The head is complete, and in its body is what came in the same read."""

    def response_ended(self) -> None:
        """The last byte is parsed; with `should_keep_alive` the next request may be sent."""


class _Parser:
    """What both directions share: keeping incomplete lines, cutting bodies, failing once."""

    __slots__ = (
        "_cutter",
        "_limits",
        "_on_cancel",
        "_on_pause",
        "_on_resume",
        "_rest",
        "failure",
    )

    def __init__(self, owner: BodyOwner, limits: Limits) -> None:
        self._limits = limits
        self._rest = b""
        self._cutter: Cutter | None = None
        self._on_pause = owner.pause_body
        self._on_resume = owner.resume_body
        self._on_cancel = owner.cancel_body
        self.failure: Http1Error | None = None

    def feed(self, data: bytes) -> None:
        """Parse what was read, calling the owner and writing into bodies on the way.

        A body under way fails before the error is raised. Feeding again raises the same error.

        Raises: Http1Error.
        """
        if self.failure is not None:
            raise self.failure
        if self._rest:
            data = self._rest + data
            self._rest = b""
        start = 0
        end = len(data)
        try:
            while start < end:
                stop = (
                    self._message(data, start) if self._cutter is None else self._cut(data, start)
                )
                if stop < 0 or (stop < end and self._cutter is not None):
                    self._rest = data[max(stop, start) :]
                    return
                start = stop
        except Http1Error as error:
            self._fail(error)
            raise

    def _message(self, data: bytes, start: int) -> int:
        """Read a head at `start`; where it and what is there of its body end, or -1 for no head."""
        raise NotImplementedError

    def _cut(self, data: bytes, start: int) -> int:
        """Continue the body under way."""
        cutter = self._cutter
        assert cutter is not None
        stop = cutter.cut(data, start)
        if cutter.done:
            self._cutter = None
            self._body_over()
        return stop

    def _body_over(self) -> None:
        """A body that was still open when its head was announced has been read to its end."""

    def _body(self, length: int, data: bytes, start: int) -> tuple[Body, int]:
        """The body behind a head, and where what is there of it ends.

        What came with the head is in the body before anybody sees it, so a small message is
        complete when it is announced, and goes out in one write.
        """
        if 0 < length <= len(data) - start:
            return Body(data[start : start + length]), start + length
        body = Stream(max(length, 0) or None, self._on_pause, self._on_resume, self._on_cancel)
        cutter: Cutter
        if length == CHUNKED:
            cutter = Chunked(body, self._limits.headers)
        elif length == UNTIL_CLOSE:
            cutter = UntilClose(body)
        else:
            cutter = Sized(body, length)
        self._cutter = cutter
        stop = cutter.cut(data, start)
        if cutter.done:
            self._cutter = None
        return body, stop

    def _fail(self, error: Http1Error) -> Http1Error:
        """Understand nothing more; the error is the caller's to raise."""
        self.failure = error
        self._rest = b""
        cutter, self._cutter = self._cutter, None
        if cutter is not None:
            cutter.body.fail(error)
        return error

    def _eof_in_body(self) -> None:
        cutter = self._cutter
        assert cutter is not None
        try:
            cutter.eof()
        except Http1Error as error:
            self._fail(error)
            raise
        self._cutter = None


class RequestParser(_Parser):
    """Parses the requests of one client connection, pipelined ones included."""

    __slots__ = ("_blank_allowed", "_last", "_owner")

    def __init__(
        self,
        owner: RequestOwner,
        max_initial_line: int = MAX_INITIAL_LINE,
        max_headers: int = MAX_HEADERS,
    ) -> None:
        super().__init__(owner, Limits(max_initial_line, max_headers))
        self._owner = owner
        self._blank_allowed = True
        self._last = False

    @property
    def idle(self) -> bool:
        """Whether the parser stands between two requests, with no byte of the next."""
        return self._cutter is None and not self._rest

    def give_up(self, error: Http1Error) -> None:
        """Wait no longer for the rest of the message under way, and read nothing more."""
        self._fail(error)

    def upgrade(self) -> Body:
        """Take all that follows as one body: the connection has changed its protocol.

        Raises: ValueError within a message, or when another has begun.
        """
        if not self.idle:
            raise ValueError("the client went on before it was told of the upgrade")
        body = Stream(None, self._on_pause, self._on_resume, self._on_cancel)
        self._cutter = UntilClose(body)
        return body

    def eof(self) -> None:
        """The client has closed its side.

        Raises: Truncated when that was within a request; its body has failed by then.
        """
        if self._cutter is not None:
            self._eof_in_body()
        elif self._rest:
            raise self._fail(Truncated("the connection ended within the head of a request"))

    def _message(self, data: bytes, start: int) -> int:
        if self._last:
            return len(data)
        if data[start] == 13 and self._blank_allowed:
            # One empty line may stand before a request. Source: RFC 9112, 2.2.
            return self._blank(data, start)
        end = find_end(data, start, self._limits)
        if end < 0:
            return -1
        head = data if start == 0 and end == len(data) else data[start:end]
        request, length, keep_alive = self._head(head)
        self._blank_allowed = True
        self._last = not keep_alive
        if length:
            request.body, end = self._body(length, data, end)
        self._owner.request_started(request, keep_alive)
        return end

    def _blank(self, data: bytes, start: int) -> int:
        if data.startswith(b"\r\n", start):
            self._blank_allowed = False
            return start + 2
        if len(data) - start == 1:
            return -1
        raise refuse_start_line(data[start : start + 16], request=True)

    def _head(self, head: bytes) -> tuple[Request, int, bool]:
        line = REQUEST_LINE.match(head)
        if line is None:
            raise refuse_start_line(head[: head.find(b"\r\n")], request=True)
        method, uri, minor = line.groups()
        if uri[0] != 47 and not fits(method, uri):
            raise BadStartLine(f"bad target of a {method.decode()} request: {quoted(uri)}")
        version = HTTP_11 if minor == b"1" else HTTP_10
        fields = read_fields(head[line.end() :])
        length, keep_alive = request_framing(fields, version)
        return Request(method, uri, fields, EMPTY, version), length, keep_alive


class ResponseParser(_Parser):
    """Parses the responses of one backend connection, each after `expect`.

    `should_keep_alive` tells, from the head of a response on, whether the connection may carry
    another request once this response has ended. `excess` tells that the backend sent bytes that
    answer no request: such a connection must not be used again.
    """

    __slots__ = ("_method", "_owner", "excess", "should_keep_alive")

    def __init__(
        self,
        owner: ResponseOwner,
        max_initial_line: int = MAX_INITIAL_LINE,
        max_headers: int = MAX_HEADERS,
    ) -> None:
        super().__init__(owner, Limits(max_initial_line, max_headers))
        self._owner = owner
        self._method: bytes | None = None
        self.excess = False
        self.should_keep_alive = True

    @property
    def idle(self) -> bool:
        """Whether no response is expected and none is under way."""
        return self._method is None and self._cutter is None

    def expect(self, method: bytes) -> None:
        """The next bytes answer a request of this method; called before the request is sent.

        Raises: ValueError when a response is expected already.
        """
        if self._method is not None or self._cutter is not None:
            raise ValueError("one response at a time")
        self._method = method

    def eof(self, *, whole: bool = True) -> None:
        """The backend has closed its side. Ends a body that only this could end.

        Unless it is `whole`: then the connection broke, and what was still to come nobody knows.

        Raises: Truncated when a response was expected or incomplete; its body has failed by then.
        """
        self.should_keep_alive = False
        if self.failure is not None:
            return
        if self._cutter is not None:
            if not whole:
                raise self._fail(Truncated("the connection broke within the body"))
            self._eof_in_body()
            self._body_over()
        elif self._method is not None:
            where = "within the head of" if self._rest else "before"
            raise self._fail(Truncated(f"the connection ended {where} the response"))

    def _message(self, data: bytes, start: int) -> int:
        method = self._method
        if method is None:
            self.excess = True
            self.should_keep_alive = False
            return len(data)
        end = find_end(data, start, self._limits)
        if end < 0:
            return -1
        head = data if start == 0 and end == len(data) else data[start:end]
        response, length, self.should_keep_alive = self._head(head, method)
        if response.status < 200 and response.status != 101:
            self._owner.informational(response)
            return end
        self._method = None
        if length:
            response.body, end = self._body(length, data, end)
        self._owner.response_started(response)
        if self._cutter is None:
            self._body_over()
        return end

    def _body_over(self) -> None:
        self._owner.response_ended()

    def _head(self, head: bytes, method: bytes) -> tuple[Response, int, bool]:
        line = STATUS_LINE.match(head)
        if line is None:
            raise refuse_start_line(head[: head.find(b"\r\n")], request=False)
        minor, code, reason = line.groups()
        version = HTTP_11 if minor == b"1" else HTTP_10
        status = int(code)
        fields = read_fields(head[line.end() :])
        fields, length, keep_alive = response_framing(fields, version, status, method)
        return Response(status, fields, EMPTY, reason or b"", version), length, keep_alive

    def _fail(self, error: Http1Error) -> Http1Error:
        error.status = 502
        self.should_keep_alive = False
        return super()._fail(error)
