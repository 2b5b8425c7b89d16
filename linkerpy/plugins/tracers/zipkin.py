"""Trace propagator `io.l5d.zipkin`: Zipkin's B3 headers.

The context is read from the five `x-b3-*` or else from the single `b3`. It is always written as
`x-b3-*`, and as `b3` for those who sent that.

Source: config spec, section 14.1; dataplane spec, section 2.7; Zipkin's B3 propagation.
"""

from random import Random
from typing import ClassVar

from linkerpy.codec.http import Request
from linkerpy.protocol.http.config import PropagatorConfig
from linkerpy.protocol.http.trace import forget_linkerd
from linkerpy.telemetry.trace_id import (
    DEBUG,
    KNOWN,
    SAMPLED,
    TraceId,
    b3_id,
    begin,
    from_b3,
    sampling_rate,
    to_b3,
)

_MULTI = (b"x-b3-traceid", b"x-b3-spanid", b"x-b3-parentspanid", b"x-b3-sampled", b"x-b3-flags")
_READ = frozenset((*_MULTI, b"b3", b"l5d-ctx-trace", b"l5d-sample"))
_DECISIONS = {b"1": KNOWN | SAMPLED, b"true": KNOWN | SAMPLED, b"0": KNOWN, b"false": KNOWN}


class ZipkinConfig(PropagatorConfig):
    """Trace ids and sampling in `x-b3-*`."""

    KIND: ClassVar[str] = "io.l5d.zipkin"

    def build(self, chance: Random) -> "ZipkinPropagator":
        """See `PropagatorConfig`."""
        return ZipkinPropagator(chance.getrandbits(64))


class ZipkinPropagator:
    """Reads and writes B3. `salt` is what its sampling depends on."""

    def __init__(self, salt: int) -> None:
        self._salt = salt

    def take(self, request: Request, span: int) -> TraceId:
        """See `Propagator`. A `b3` stays where it is until `write` replaces its value."""
        names = request.names
        if names.keys().isdisjoint(_READ):
            return TraceId.root(span)
        received, rate = _received(request)
        for name in _MULTI:
            if name in names:
                request.remove(name)
        forget_linkerd(request)
        return begin(received, rate, span, self._salt)

    def write(self, request: Request, trace: TraceId) -> None:
        """See `Propagator`. What nobody has decided is told as not sampled."""
        if b"b3" in request.names:
            request.set(b"b3", to_b3(trace))
        sampled = 1 if trace.sampled else 0
        flags = trace.flags & DEBUG
        request.added += (
            b"x-b3-traceid: %016x\r\nx-b3-spanid: %016x\r\nx-b3-parentspanid: %016x\r\n"
            b"x-b3-sampled: %d\r\nx-b3-flags: %d\r\n"
        ) % (trace.trace, trace.span, trace.parent, sampled, flags)


def _received(request: Request) -> tuple[TraceId | None, float | None]:
    """The span that the request came with, and the sampling rate."""
    span = b3_id(request.get(b"x-b3-spanid"))
    said = request.get(b"x-b3-sampled") or b""
    rate = 1.0 if said.lower() == b"true" else sampling_rate(said)
    if span is None:
        single = request.get(b"b3")
        if single is not None and rate is None:
            return from_b3(single)
        return None, rate
    parent = b3_id(request.get(b"x-b3-parentspanid"))
    parent = span if parent is None else parent
    trace = b3_id(request.get(b"x-b3-traceid"))
    trace = parent if trace is None else trace
    flags = _DECISIONS.get(said.lower(), 0)
    if _is_debug(request.get(b"x-b3-flags")):
        flags |= DEBUG
    return TraceId(span, parent, trace, flags), rate


def _is_debug(flags: bytes | None) -> bool:
    return flags is not None and len(flags) < 20 and flags.isdigit() and bool(int(flags) & DEBUG)
