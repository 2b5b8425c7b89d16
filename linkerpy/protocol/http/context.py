"""Small filters of the server stack: `clearContext`, `timestampHeader` and `maxCallDepth`.

Source: dataplane spec, sections 2.1 and 2.7; config spec, sections 7 and 10.1.
"""

import re
import time
from collections.abc import Callable

from linkerpy.codec.body import EMPTY
from linkerpy.codec.http import Message, Request, Response, header_line
from linkerpy.core.errors import BadRequest, Cancelled, RouterError
from linkerpy.protocol.http.filters import REASONS, Coming, HttpFilter, HttpService

_OWN_LINES = re.compile(rb"^l5d-[^\n]*\n", re.IGNORECASE | re.MULTILINE)
_ABOUT_A_BODY = (b"content-length", b"content-type", b"content-encoding")


async def clear_context(service: HttpService, request: Request) -> Response:
    """Believe and tell nothing of the mesh: no `l5d-*` header passes, in either direction.

    A response that reports a routing error loses its text, too. Goes outside the layer that makes
    such responses.
    """
    _clear(request)
    response = await service(request)
    if response.get(b"l5d-err") is not None:
        response.body.cancel(Cancelled("the text of an error is not passed on"))
        response.body = EMPTY
        for name in _ABOUT_A_BODY:
            response.remove(name)
    _clear(response)
    return response


def bare_response(error: RouterError) -> Response:
    """What `clear_context` leaves of the reply to an error."""
    return Response(error.status, [], EMPTY, REASONS.get(error.status, b""))


def _clear(message: Message) -> None:
    if any(name.startswith(b"l5d-") for name in message.names):
        kept = [pair for pair in message.headers if not pair[0].lower().startswith(b"l5d-")]
        message.headers = kept
    elif message.added:
        message.added = _OWN_LINES.sub(b"", message.added)


def timestamp(header: str | None, wall: Callable[[], float] = time.time) -> HttpFilter | None:
    """Tell backends when the request came: milliseconds of the epoch in `header`.

    Raises: ValueError if there can be no such header.
    """
    if header is None:
        return None
    name = header.encode("utf-8")
    header_line(name, b"")

    def stamped(service: HttpService, request: Request) -> Coming:
        request.add(b"%b: %d\r\n" % (name, wall() * 1000))
        return service(request)

    return stamped


def call_depth(limit: int) -> HttpFilter:
    """Refuse requests that have come through more than `limit` proxies: they may go in circles."""
    text = f"Maximum number of calls ({limit}) has been exceeded. Please check for proxy loops."

    def limited(service: HttpService, request: Request) -> Coming:
        if b"via" in request.names:
            passed = sum(value.count(b",") + 1 for value in request.get_all(b"via"))
            if passed > limit:
                raise BadRequest(text)
        return service(request)

    return limited
