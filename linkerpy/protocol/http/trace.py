"""Trace context: which trace a request belongs to, taken from its headers and told to backends.

A server makes a span for each request, below the one it came with; a client makes one below that
for each attempt. What happens within them is recorded elsewhere (`record.py`).

Source: dataplane spec, sections 2.1 (row 10), 2.3 and 2.7; config spec, section 14.1.
"""

from binascii import b2a_base64, hexlify
from random import Random
from typing import Protocol

from linkerpy.codec.http import Request
from linkerpy.protocol.http.filters import Coming, HttpFilter, HttpService
from linkerpy.telemetry.trace_id import TraceId, begin, from_linkerd, pack, sampling_rate


class Propagator(Protocol):
    """Knows the headers that carry a trace context."""

    def take(self, request: Request, span: int) -> TraceId:
        """Move the context out of the headers: the id of `span`, the request's here."""

    def write(self, request: Request, trace: TraceId) -> None:
        """Tell the backend the id of its attempt."""


class LinkerdPropagator:
    """`io.l5d.default`: linkerd's own headers. `salt` is what its sampling depends on."""

    def __init__(self, salt: int) -> None:
        self._salt = salt

    def take(self, request: Request, span: int) -> TraceId:
        """See `Propagator`. `l5d-sample` is a rate for traces that are not decided yet."""
        names = request.names
        if b"l5d-ctx-trace" not in names and b"l5d-sample" not in names:
            return TraceId.root(span)
        received = from_linkerd(request.get(b"l5d-ctx-trace") or b"")
        rate = sampling_rate(request.get(b"l5d-sample"))
        forget_linkerd(request)
        return begin(received, rate, span, self._salt)

    def write(self, request: Request, trace: TraceId) -> None:
        """See `Propagator`. `l5d-reqid` is the trace's number, for people to search for."""
        if b"l5d-reqid" in request.names:
            request.remove(b"l5d-reqid")
        packed = pack(trace)
        told, number = b2a_base64(packed, newline=False), hexlify(packed[16:24])
        request.added += b"l5d-ctx-trace: %b\r\nl5d-reqid: %b\r\n" % (told, number)


def forget_linkerd(request: Request) -> None:
    """Drop linkerd's trace context; no other propagator passes it on."""
    names = request.names
    for name in (b"l5d-ctx-trace", b"l5d-sample"):
        if name in names:
            request.remove(name)


def trace_requests(propagator: Propagator, chance: Random) -> HttpFilter:
    """Give each request a span: on the server's side."""
    bits, take = chance.getrandbits, propagator.take

    def traced(service: HttpService, request: Request) -> Coming:
        request.ctx.trace = take(request, bits(64) or 1)
        return service(request)

    return traced


def trace_attempts(propagator: Propagator, chance: Random, *, recorded: bool = False) -> HttpFilter:
    """Give each attempt a span below its request's: on the client's side.

    `recorded`: there may be somebody who wants to know its id.
    """
    bits, write = chance.getrandbits, propagator.write

    def traced(service: HttpService, request: Request) -> Coming:
        above, span = request.ctx.trace, bits(64) or 1  # 0 is no id
        write(request, TraceId.root(span) if above is None else above.child(span))
        return service(request)

    def noted(service: HttpService, request: Request) -> Coming:
        ctx, span = request.ctx, bits(64) or 1
        if ctx.span is not None:
            ctx.span.next_id = span
        write(request, TraceId.root(span) if ctx.trace is None else ctx.trace.child(span))
        return service(request)

    return noted if recorded else traced
