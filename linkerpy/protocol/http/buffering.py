"""Buffering: bodies that are waited for before the message goes on.

Short request bodies are gathered, so that they can be sent again; with streaming turned off all
bodies are, of requests and of responses. What is not gathered is streamed.

Source: dataplane spec, sections 2.5 (streaming) and 3.2 (streamed requests).
"""

from collections.abc import Callable

from linkerpy.codec.body import Body, Stream, Trailers
from linkerpy.codec.http import Request, Response
from linkerpy.codec.http1_errors import Http1Error
from linkerpy.core.errors import BackendError, BadRequest, RouterError
from linkerpy.core.reply import Reply
from linkerpy.core.service import Filter
from linkerpy.protocol.http.filters import Coming, HttpService

SHORT = 5 * 1024
"""Most bytes of a body that is gathered where nothing else is configured."""

MOST = 2**31 - 1
"""Most bytes of any body that is gathered."""


def gather_short_bodies(longest: int) -> Filter[Response]:
    """Hold a request back until its body is here, if that is said to be at most `longest` bytes."""

    def gathered(service: HttpService, request: Request) -> Coming:
        body = request.body
        if body.over or body.length is None or body.length > longest:
            return service(request)
        return _with_whole_request(service, request)

    return gathered


async def gather_all_bodies(service: HttpService, request: Request) -> Response:
    """Hold every message back until its body is here."""
    response = await _with_whole_request(service, request)
    if not response.body.over and response.status != 101:
        response.body = await collect(response.body, _response_error)
    return response


async def _with_whole_request(service: HttpService, request: Request) -> Response:
    if not request.body.over:
        request.body = await collect(request.body, _request_error)
    return await service(request)


def _request_error(error: BaseException | None) -> BaseException:
    if error is None:
        too_large = BadRequest(f"the body of the request is longer than {MOST} bytes")
        too_large.status = 413
        return too_large
    if isinstance(error, Http1Error):
        refused = BadRequest(error.reason)
        refused.status = error.status
        return refused
    return error


def _response_error(error: BaseException | None) -> BaseException:
    if error is None:
        return BackendError(f"the body of the response is longer than {MOST} bytes")
    if isinstance(error, RouterError):
        return error
    return BackendError(f"the response broke off: {error}")


async def collect(body: Body, explain: Callable[[BaseException | None], BaseException]) -> Body:
    """A complete body of the same bytes and trailers.

    Raises: what `explain` makes of the error that the body ended with, or of None if it is longer
    than `MOST`.
    """
    whole: Reply[Body] = Reply(body.cancel)
    body.connect(_Collector(body, whole, explain))
    return await whole


class _Collector:
    """The sink."""

    def __init__(
        self,
        body: Body,
        whole: Reply[Body],
        explain: Callable[[BaseException | None], BaseException],
    ) -> None:
        self._body = body
        self._whole = whole
        self._explain = explain
        self._pieces: list[bytes] = []
        self._size = 0

    def chunk(self, data: bytes) -> None:
        """See `Sink`."""
        self._pieces.append(data)
        self._size += len(data)
        if self._size > MOST:
            error = self._explain(None)
            self._body.cancel(error)
            self._whole.fail(error)

    def end(self, trailers: Trailers) -> None:
        """See `Sink`."""
        whole = Stream(self._size)
        whole.write(b"".join(self._pieces))
        whole.end(trailers)
        self._whole.resolve(whole)

    def fail(self, error: BaseException) -> None:
        """See `Sink`."""
        self._whole.fail(self._explain(error))
