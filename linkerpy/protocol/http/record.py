"""Recording: the layers that write a request's span, one for each stack it passes.

They are only there when somebody wants spans. A request that nobody samples has no span and costs
each of them a look.

Source: telemetry-admin spec, section 3.5.
"""

import time
from collections.abc import Callable

from linkerpy.codec.http import Request, Response
from linkerpy.core.clock import Clock
from linkerpy.naming.bound import Bound
from linkerpy.protocol.http.filters import Coming, HttpFilter, HttpService
from linkerpy.telemetry.span import ClientSpan, ServerSpan
from linkerpy.telemetry.tracing import Tracing


def record_requests(
    tracing: Tracing, router: str, clock: Clock, wall: Callable[[], float] = time.time
) -> HttpFilter:
    """Give the requests that are sampled a span: in the server's stack, below the trace's id."""
    seconds, wanting, decides = clock.seconds, tracing.wanting, tracing.decides

    def recorded(service: HttpService, request: Request) -> Coming:
        ctx = request.ctx
        trace = ctx.trace
        tracers = wanting(trace)
        if decides and trace.sampled is None:
            trace = ctx.trace = tracing.decide(trace)
        if not tracers:
            return service(request)
        span = ctx.span = ServerSpan(trace, router, wall(), tracers, seconds)
        span.method, span.uri, span.peer = request.method, request.uri, ctx.peer
        span.host = request.names.get(b"host", b"")
        return _recorded(service, request, span)

    return recorded


async def _recorded(service: HttpService, request: Request, span: ServerSpan) -> Response:
    try:
        response = await service(request)
    except BaseException as error:
        span.failed(error)
        raise
    span.answered(response.status)
    response.body.on_end(span.finish)
    return response


def record_name(service: HttpService, request: Request) -> Coming:
    """Note what the request was identified as: outermost in the path stack."""
    ctx = request.ctx
    if ctx.span is not None:
        ctx.span.named(ctx.dst)
    return service(request)


def record_bound(bound: Bound) -> HttpFilter:
    """Note what the name was bound to: outermost in the bound stack."""

    def recorded(service: HttpService, request: Request) -> Coming:
        span = request.ctx.span
        if span is not None:
            span.led_to(bound)
        return service(request)

    return recorded


def record_attempts(clock: Clock) -> HttpFilter:
    """Give each sending a span: in the client's stack, below the requeues."""
    seconds = clock.seconds

    async def attempt(service: HttpService, request: Request, span: ClientSpan) -> Response:
        try:
            response = await service(request)
        except BaseException as error:
            span.failed(error, request.ctx.endpoint, seconds())
            raise
        span.answered(response.status, request.ctx.endpoint, seconds())
        return response

    def recorded(service: HttpService, request: Request) -> Coming:
        span = request.ctx.span
        if span is None:
            return service(request)
        return attempt(service, request, span.attempt())

    return recorded
