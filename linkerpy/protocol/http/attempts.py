"""Attempts: how a request is sent again, and what becomes of the response that is not wanted.

Used by retries (above the binding of the name) and requeues (above the balancer).

Source: dataplane spec, sections 3.2 and 3.3.
"""

from linkerpy.codec.fields import Fields, Headers
from linkerpy.codec.http import Request, Response
from linkerpy.core.errors import Cancelled

Kept = tuple[Fields | Headers, bytes]
"""The headers of a request, and the lines added to them, before an attempt."""


def keep(request: Request) -> Kept:
    """Note the headers as they are: the layers below will add theirs."""
    fields = request.fields
    if fields is not None:
        return fields, request.added
    return list(request.headers), b""


def again(request: Request, kept: Kept) -> Request:
    """The same request for another attempt, without the headers of the last one."""
    headers, added = kept
    if isinstance(headers, list):
        headers = list(headers)
    other = Request(request.method, request.uri, headers, request.body, request.version)
    other.added = added
    other.ctx = request.ctx
    return other


def discard(response: Response) -> None:
    """Take no more of a response. If the rest of it is on its way, its connection is closed."""
    response.body.cancel(Cancelled("another attempt was made"))
