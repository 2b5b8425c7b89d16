"""Buffering: short request bodies are gathered first, so that they can be sent again.

Longer ones, and those that do not say how long they are, are streamed.

Source: dataplane spec, section 3.2 (streamed requests).
"""

from linkerpy.codec.http import Request, Response
from linkerpy.codec.http1_errors import Http1Error
from linkerpy.core.errors import BadRequest
from linkerpy.core.reply import Reply
from linkerpy.protocol.http.filters import Coming, HttpService

SHORT = 5 * 1024
"""Most bytes of a body that is gathered."""


def gather_short_bodies(service: HttpService, request: Request) -> Coming:
    """Hold a request back until its body is here, if that is short."""
    body = request.body
    if body.over or body.length is None or body.length > SHORT:
        return service(request)
    return _gathered(request, service)


async def _gathered(request: Request, service: HttpService) -> Response:
    whole: Reply[None] = Reply()

    def ended(error: BaseException | None) -> None:
        if isinstance(error, Http1Error):
            refused = BadRequest(error.reason)
            refused.status = error.status
            error = refused
        if error is None:
            whole.resolve(None)
        else:
            whole.fail(error)

    request.body.on_end(ended)
    await whole
    return await service(request)
