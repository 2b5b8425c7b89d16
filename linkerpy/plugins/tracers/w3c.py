"""Trace propagator `io.l5d.w3c`: `traceparent`, as OpenTelemetry has it.

It takes part in traces that have begun. It begins one only where `l5d-sample` decides about it: the
header cannot say that nobody has decided, so everybody below would be told not to sample. With
other propagators `traceparent` passes as it came.

Source: W3C Trace Context, sections 3.2 and 4.2.
"""

from random import Random
from typing import ClassVar

from linkerpy.codec.http import Request
from linkerpy.protocol.http.config import PropagatorConfig
from linkerpy.protocol.http.trace import forget_linkerd
from linkerpy.telemetry.trace_id import (
    TraceId,
    begin,
    from_traceparent,
    sampling_rate,
    to_traceparent,
)

_READ = frozenset((b"traceparent", b"tracestate", b"l5d-ctx-trace", b"l5d-sample"))


class W3cConfig(PropagatorConfig):
    """Trace ids and sampling in `traceparent`; `tracestate` is passed on with it."""

    KIND: ClassVar[str] = "io.l5d.w3c"

    def build(self, chance: Random) -> "W3cPropagator":
        """See `PropagatorConfig`."""
        return W3cPropagator(chance.getrandbits(64))


class W3cPropagator:
    """Reads and writes `traceparent`. `salt` is what its sampling depends on."""

    def __init__(self, salt: int) -> None:
        self._salt = salt

    def take(self, request: Request, span: int) -> TraceId:
        """See `Propagator`. `tracestate` without a valid `traceparent` means nothing."""
        if request.names.keys().isdisjoint(_READ):
            return TraceId.root(span)
        found = request.get_all(b"traceparent")
        received = from_traceparent(found[0]) if len(found) == 1 else None
        if received is None:
            request.remove(b"tracestate")
        rate = sampling_rate(request.get(b"l5d-sample"))
        request.remove(b"traceparent")
        forget_linkerd(request)
        return begin(received, rate, span, self._salt)

    def write(self, request: Request, trace: TraceId) -> None:
        """See `Propagator`."""
        if trace.sampled is not None:
            request.added += b"traceparent: %b\r\n" % to_traceparent(trace)
