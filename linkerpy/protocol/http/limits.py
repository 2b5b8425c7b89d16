"""How many requests a server works on at the same time.

Source: dataplane spec, sections 2.1 (row 13) and 2.8.
"""

from linkerpy.codec.http import Request, Response
from linkerpy.core.errors import Overloaded
from linkerpy.core.service import Filter, Service
from linkerpy.telemetry.metrics import Metrics


def at_most(limit: int, metrics: Metrics) -> Filter[Response]:
    """Let `limit` requests in, of all connections together; nobody waits.

    A request counts until its response has ended, bodies that are streamed included.

    Raises: Overloaded for one more.
    """
    refused = metrics.counter("nacks")
    under_way = 0

    def over(_outcome: object) -> None:
        nonlocal under_way
        under_way -= 1

    async def limited(service: Service[Request, Response], request: Request) -> Response:
        nonlocal under_way
        if under_way >= limit:
            refused.value += 1
            raise Overloaded(limit)
        under_way += 1
        try:
            response = await service(request)
        except BaseException:
            under_way -= 1
            raise
        response.body.on_end(over)
        return response

    return limited
