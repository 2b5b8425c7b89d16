"""Request statistics of a scope: server, service, client.

Source: telemetry-admin spec, sections 2.2 to 2.5.
"""

from collections.abc import Callable
from typing import Any

from linkerpy.codec.http import Request, Response
from linkerpy.core.clock import Clock
from linkerpy.core.errors import Cancelled
from linkerpy.core.service import Filter, Service
from linkerpy.router.failures import count_failure
from linkerpy.telemetry.metrics import Counter, Metrics, Stat

_CLASSES = ("1XX", "2XX", "3XX", "4XX", "5XX")


class RequestStats:
    """`requests`, `success`, `failures`, `pending` and `request_latency_ms`.

    A 5xx response is a failure. `explained` chooses the name an error is counted under: above the
    path stack an error carries its explanation, and linkerd calls it otherwise.
    """

    __slots__ = ("_explained", "_latency", "_metrics", "_requests", "_success", "pending")

    def __init__(self, metrics: Metrics, *, explained: bool) -> None:
        self._metrics = metrics
        self._explained = explained
        self._requests, self._success = metrics.counter("requests"), metrics.counter("success")
        self._latency = metrics.stat("request_latency_ms")
        self.pending = 0
        metrics.counter("failures")
        metrics.gauge("pending", read=lambda: self.pending)

    def response(self, status: int, milliseconds: float) -> None:
        """Count a response."""
        self._requests.value += 1
        self._latency.add(milliseconds)
        if status < 500:
            self._success.value += 1
        else:
            count_failure(self._metrics, None, explained=self._explained)

    def error(self, error: BaseException, milliseconds: float) -> None:
        """Count an error in place of a response."""
        self._requests.value += 1
        self._latency.add(milliseconds)
        count_failure(self._metrics, error, explained=self._explained)


class StatusStats:
    """`status/<code>`, `status/<n>XX`, `status/error`, and the times of each class."""

    __slots__ = ("_by_status", "_classes", "_error", "_status")

    def __init__(self, metrics: Metrics) -> None:
        self._status = metrics.scope("status")
        time = metrics.scope("time")
        self._classes = [(self._status.counter(name), time.stat(name)) for name in _CLASSES]
        self._error = (self._status.counter("error"), time.stat("error"))
        self._by_status: dict[int, tuple[Counter, Counter, Stat]] = {}

    def response(self, status: int, milliseconds: float) -> None:
        """Count a response."""
        found = self._by_status.get(status)
        if found is None:
            total, time = self._classes[min(max(status // 100, 1), 5) - 1]
            found = self._by_status[status] = (self._status.counter(str(status)), total, time)
        one, total, time = found
        one.value += 1
        total.value += 1
        time.add(milliseconds)

    def error(self, error: BaseException, milliseconds: float) -> None:
        """Count an error in place of a response; a caller that left wanted none."""
        if not isinstance(error, Cancelled):
            counter, time = self._error
            counter.value += 1
            time.add(milliseconds)


def server_stats(
    metrics: Metrics, clock: Clock, respond: Callable[[BaseException], Response]
) -> Filter[Response]:
    """Count what a server is asked, turn errors into responses, and count these by status.

    The request's own figures see the error, the figures by status the response made of it; a
    caller that has left gets neither.
    """
    requests, status = RequestStats(metrics, explained=True), StatusStats(metrics)
    seconds = clock.seconds

    async def counted(request: Request, service: Service[Request, Response]) -> Response:
        started = seconds()
        requests.pending += 1
        try:
            response = await service(request)
        except BaseException as error:
            requests.error(error, (seconds() - started) * 1000)
            if isinstance(error, Cancelled):
                raise
            response = respond(error)
            status.response(response.status, (seconds() - started) * 1000)
            return response
        finally:
            requests.pending -= 1
        took = (seconds() - started) * 1000
        requests.response(response.status, took)
        status.response(response.status, took)
        return response

    return counted


def service_stats(metrics: Metrics, clock: Clock) -> Filter[Response]:
    """Count the requests of one logical name, retries and all as one."""
    stats = RequestStats(metrics, explained=True)
    seconds = clock.seconds

    async def counted(request: Request, service: Service[Request, Response]) -> Response:
        started = seconds()
        stats.pending += 1
        try:
            response = await service(request)
        except BaseException as error:
            stats.error(error, (seconds() - started) * 1000)
            raise
        finally:
            stats.pending -= 1
        stats.response(response.status, (seconds() - started) * 1000)
        return response

    return counted


def client_stats(metrics: Metrics, clock: Clock) -> Filter[Response]:
    """Count the attempts of one client: in all, by status, and by the logical name they serve.

    One filter for the three, because an attempt's time is the same for all of them.
    """
    seconds = clock.seconds
    total, status = RequestStats(metrics, explained=False), StatusStats(metrics)
    by_name: dict[Any, RequestStats] = {}

    async def counted(request: Request, service: Service[Request, Response]) -> Response:
        name = request.ctx.dst.path
        named = by_name.get(name)
        if named is None:
            scope = metrics.scope("service", name.show()[1:])
            named = by_name[name] = RequestStats(scope, explained=False)
        started = seconds()
        total.pending += 1
        named.pending += 1
        try:
            response = await service(request)
        except BaseException as error:
            took = (seconds() - started) * 1000
            for stats in (total, status, named):
                stats.error(error, took)
            raise
        finally:
            total.pending -= 1
            named.pending -= 1
        took = (seconds() - started) * 1000
        total.response(response.status, took)
        status.response(response.status, took)
        named.response(response.status, took)
        return response

    return counted
