"""The stats filters of the server, path and client stacks.

Source: telemetry-admin spec, sections 2.2 to 2.5.
"""

from collections.abc import Callable

from linkerpy.codec.http import Request, Response
from linkerpy.core.clock import Clock
from linkerpy.core.errors import Cancelled
from linkerpy.core.service import Filter, Service
from linkerpy.naming.path import Path
from linkerpy.policy.verdict import SUCCESS
from linkerpy.router.exchanges import Exchanges, exchanges
from linkerpy.telemetry.metrics import Metrics


def server_stats(
    metrics: Metrics, clock: Clock, respond: Callable[[BaseException], Response]
) -> Filter[Response]:
    """Count what a server is asked, turn errors into responses, and count these by status.

    The request's own figures see the error, the figures by status the response made of it; a
    caller that has left gets neither.
    """
    stats = exchanges(metrics, explained=True, by_status=True)
    seconds = clock.seconds

    async def counted(service: Service[Request, Response], request: Request) -> Response:
        started = seconds()
        stats.pending += 1
        try:
            response = await service(request)
        except BaseException as error:
            stats.pending -= 1
            if isinstance(error, Cancelled):
                stats.error(error, (seconds() - started) * 1000)
                raise
            response = respond(error)
            stats.error(error, (seconds() - started) * 1000, response.status)
            return response
        stats.pending -= 1
        status = response.status
        classify = request.ctx.classify
        success = status < 500
        if classify is not None:
            success = classify(request, response, None) == SUCCESS
        stats.response(status, success, (seconds() - started) * 1000)
        return response

    return counted


def service_stats(metrics: Metrics, clock: Clock) -> Filter[Response]:
    """Count the requests of one logical name, retries and all as one."""
    stats = exchanges(metrics, explained=True)
    seconds = clock.seconds

    async def counted(service: Service[Request, Response], request: Request) -> Response:
        started = seconds()
        stats.pending += 1
        try:
            response = await service(request)
        except BaseException as error:
            stats.pending -= 1
            stats.error(error, (seconds() - started) * 1000)
            raise
        stats.pending -= 1
        status = response.status
        classify = request.ctx.classify
        success = status < 500
        if classify is not None:
            success = classify(request, response, None) == SUCCESS
        stats.response(status, success, (seconds() - started) * 1000)
        return response

    return counted


class ByName(dict[tuple[bytes, ...], Exchanges]):
    """The figures of one client by the logical name that it served, for as long as that lives."""

    def __init__(self, metrics: Metrics) -> None:
        super().__init__()
        self._metrics = metrics

    __hash__ = object.__hash__  # type: ignore[assignment] # one is only equal to itself

    def __eq__(self, other: object) -> bool:
        return self is other

    def add(self, path: Path) -> Exchanges:
        """Begin to count for a name."""
        scope = self._metrics.scope("service", path.show()[1:])
        named = self[path.elems] = exchanges(scope, explained=False)
        return named

    def forget(self, path: Path) -> None:
        """Drop the figures of a name."""
        if self.pop(path.elems, None) is not None:
            self._metrics.scope("service", path.show()[1:]).prune()


def client_stats(metrics: Metrics, clock: Clock, by_name: ByName) -> Filter[Response]:
    """Count the attempts of one client: in all, by status, and by the logical name they serve.

    One filter for the three, because an attempt's time is the same for all of them.
    """
    seconds = clock.seconds
    total = exchanges(metrics, explained=False, by_status=True)

    async def counted(service: Service[Request, Response], request: Request) -> Response:
        path = request.ctx.dst.path
        named = by_name.get(path.elems)
        if named is None:
            named = by_name.add(path)
        started = seconds()
        total.pending += 1
        named.pending += 1
        try:
            response = await service(request)
        except BaseException as error:
            took = (seconds() - started) * 1000
            for stats in (total, named):
                stats.pending -= 1
                stats.error(error, took)
            raise
        total.pending -= 1
        named.pending -= 1
        status, took = response.status, (seconds() - started) * 1000
        classify = request.ctx.classify
        success = status < 500
        if classify is not None:
            success = classify(request, response, None) == SUCCESS
        total.response(status, success, took)
        named.response(status, success, took)
        return response

    return counted
