"""What a server would make of a request, without serving it: its name, or why it has none.

For `linkerpy explain`. The request passes the very filters that change its name or bring a dtab;
all that counts, waits or answers is left out.

Source: dataplane spec, section 2.1.
"""

from linkerpy.codec.http import Request, Response
from linkerpy.core.drive import drive
from linkerpy.core.service import compose
from linkerpy.protocol.http.config import HttpRouter, HttpServer
from linkerpy.protocol.http.context import clear_context
from linkerpy.protocol.http.filters import origin_form, read_context_headers, route
from linkerpy.protocol.http.router import identifier_of
from linkerpy.router.dst import Context, Dst


def rehearse(config: HttpRouter, server: HttpServer, request: Request) -> Dst:
    """The name of `request` and the dtab that it brings. The request is changed on the way.

    Raises: RouterError, as the caller would be told.
    """
    request.ctx = Context("127.0.0.1:0")
    stack = compose(
        clear_context if server.clear_context else None,
        None if server.clear_context else read_context_headers,
        origin_form,
        route(identifier_of(config), _applaud),
    )
    failed: list[BaseException] = []
    drive(stack(request), lambda _result, error: failed.append(error) if error else None)
    if failed:
        raise failed[0]
    dst: Dst = request.ctx.dst
    return dst


async def _applaud(_request: Request) -> Response:
    """Stands where the router would be: an answer that nobody reads."""
    return Response(200, [])
