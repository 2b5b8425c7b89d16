"""Tracing: which requests are recorded, and for whom.

Every tracer has a rate; those that keep to the trace's own flag record what the caller had decided
on already, whatever the rate. Who exports to a collector also decides for the backends, so that a
trace is recorded by all routers on its way or by none.

Source: telemetry-admin spec, section 3.5, "Sampler".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from linkerpy.telemetry.span import Record
from linkerpy.telemetry.trace_id import PARTS, TraceId, sampling_part

_NOBODY: Final[tuple[Record, ...]] = ()


@dataclass(frozen=True, slots=True)
class Tracer:
    """Who wants spans: `rate` (0 to 1) of them, told to `record`.

    `heeds_flag`: a decision that came with the request wins over the rate. `decides`: what it
    samples is told to backends as sampled.
    """

    record: Record
    rate: float
    heeds_flag: bool = True
    decides: bool = False


class Tracing:
    """The tracers of this process. `salt` makes its choice independent of other processes'."""

    def __init__(self, tracers: Iterable[Tracer], salt: int) -> None:
        self._salt = salt
        every = [tracer for tracer in tracers if tracer.rate > 0 or tracer.heeds_flag]
        self._all = tuple(tracer.record for tracer in every)
        self._careless = [(t.rate * PARTS, t.record) for t in every if not t.heeds_flag]
        self._heedful = [(t.rate * PARTS, t.record) for t in every if t.heeds_flag]
        self._decided = max((t.rate * PARTS for t in every if t.decides), default=0.0)
        self._most = max((t.rate * PARTS for t in every), default=0.0)
        self._least = min((t.rate * PARTS for t in every), default=0.0)
        self.decides = any(tracer.decides for tracer in every)
        """Whether `decide` has anything to say."""

    def wanting(self, trace: TraceId) -> tuple[Record, ...]:
        """Who records the span that this id is of; usually nobody."""
        _, _, number, flags, _ = trace
        part = sampling_part(number, self._salt)
        sampled = trace.sampled if flags else None
        if sampled is None:
            if part >= self._most:
                return _NOBODY
            if part < self._least:
                return self._all
            heedful = [record for rate, record in self._heedful if part < rate]
        else:
            heedful = [record for _, record in self._heedful] if sampled else []
        careless = [record for rate, record in self._careless if part < rate]
        return (*heedful, *careless)

    def decide(self, trace: TraceId) -> TraceId:
        """The same id with a decision, where nobody has made one yet."""
        if trace.sampled is not None:
            return trace
        return trace.decided(sampling_part(trace.trace, self._salt) < self._decided)


def tracing(tracers: Iterable[Tracer], salt: int) -> Tracing | None:
    """None when nobody could ever want a span: then nothing is recorded at all."""
    wanted = [tracer for tracer in tracers if tracer.rate > 0 or tracer.heeds_flag]
    return Tracing(wanted, salt) if wanted else None
