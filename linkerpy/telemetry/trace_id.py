"""TraceId: where in its trace a request stands, and the forms in which headers say so.

Used by the trace propagators of the protocols, which know the names of the headers. Ids are whole
numbers of 64 bits; what is no id decodes to None, and nothing here raises for what came in.

Source: dataplane spec, section 2.7; W3C Trace Context, section 3.2; Zipkin's B3 propagation.
"""

import re
from binascii import Error, a2b_base64, b2a_base64
from struct import Struct
from typing import Final, NamedTuple, Self

DEBUG, KNOWN, SAMPLED = 1, 2, 4
"""Bits of `TraceId.flags`: sample whatever the rate, sampling is decided, decided in favour."""

_SAMPLING = KNOWN | SAMPLED
_BINARY = Struct(">QQQQ")
_BINARY_128 = Struct(">QQQQQ")


class TraceId(NamedTuple):
    """A span within a trace. One without a parent has itself as `parent`; a trace's first span
    has itself as `trace`, too. `high` is the upper half of a trace id of 128 bits, or 0.
    """  # noqa: D205 - the sentence is longer than a line

    span: int
    parent: int
    trace: int
    flags: int = 0
    high: int = 0

    @classmethod
    def root(cls, span: int) -> Self:
        """The first span of a trace."""
        return tuple.__new__(cls, (span, span, span, 0, 0))  # half the time of a call of the class

    @property
    def sampled(self) -> bool | None:
        """Whether the trace is recorded; None while nobody has decided."""
        if self.flags & DEBUG:
            return True
        return bool(self.flags & SAMPLED) if self.flags & KNOWN else None

    @property
    def number(self) -> str:
        """The trace's number as people search for it: 16 hexadecimal digits, or 32."""
        return f"{self.high:016x}{self.trace:016x}" if self.high else f"{self.trace:016x}"

    def child(self, span: int) -> "TraceId":
        """A span below this one."""
        return tuple.__new__(TraceId, (span, self.span, self.trace, self.flags, self.high))

    def decided(self, sampled: bool) -> "TraceId":
        """The same span with a decision on sampling."""
        span, parent, trace, flags, high = self
        flags = flags & ~_SAMPLING | (_SAMPLING if sampled else KNOWN)
        return tuple.__new__(TraceId, (span, parent, trace, flags, high))


def begin(received: TraceId | None, rate: float | None, span: int, salt: int) -> TraceId:
    """The span of a request that came with `received` and a sampling rate, or without.

    The rate counts where nobody has decided yet. `salt` is this process's.
    """
    here = TraceId.root(span) if received is None else received.child(span)
    if rate is None or here.sampled is not None:
        return here
    return here.decided(is_sampled(here.trace, rate, salt))


def is_sampled(trace: int, rate: float, salt: int) -> bool:
    """Whether a trace belongs to the share `rate` (0 to 1): the same answer for all its spans."""
    return sampling_part(trace, salt) < rate * PARTS


PARTS: Final = 10_000
"""In how many parts traces are divided; a rate samples so many of them."""


def sampling_part(trace: int, salt: int) -> int:
    """Which of the parts a trace belongs to: less than `PARTS`."""
    salted = trace ^ salt
    return (salted if salted < 1 << 63 else (1 << 64) - salted) % PARTS


def sampling_rate(value: bytes | None) -> float | None:
    """A rate out of a header, moved into 0 to 1; None for what is no number."""
    try:
        rate = float(value or b"")
    except ValueError:
        return None
    return min(max(rate, 0.0), 1.0) if rate == rate else None  # noqa: PLR0124 - NaN is not itself


# -- linkerd's binary form ------------------------------------------------------------------------


def pack(trace: TraceId) -> bytes:
    """32 bytes, or 40 if the trace id has 128 bits: four or five numbers, the trace's the third."""
    span, parent, root, flags, high = trace
    if high:
        return _BINARY_128.pack(span, parent, root, flags, high)
    return _BINARY.pack(span, parent, root, flags)


def to_linkerd(trace: TraceId) -> bytes:
    """What `pack` gives in base64."""
    return b2a_base64(pack(trace), newline=False)


def from_linkerd(value: bytes) -> TraceId | None:
    """The reverse of `to_linkerd`."""
    try:
        data = a2b_base64(value, strict_mode=True)
    except Error:
        return None
    if len(data) == _BINARY.size:
        return TraceId(*_BINARY.unpack(data))
    return TraceId(*_BINARY_128.unpack(data)) if len(data) == _BINARY_128.size else None


# -- Zipkin's B3 ----------------------------------------------------------------------------------

_HEX = re.compile(rb"[0-9A-Fa-f]{1,32}")
_SINGLE = re.compile(
    rb"([0-9a-f]{32}|[0-9a-f]{16})-([0-9a-f]{16})(?:-([01d]))?(?:-([0-9a-f]{16}))?", re.IGNORECASE
)
_STATES: dict[bytes, int] = {b"0": KNOWN, b"1": _SAMPLING, b"d": DEBUG | _SAMPLING}
_LOW = (1 << 64) - 1


def b3_id(value: bytes | None) -> int | None:
    """An id of one of the B3 headers; of 128 bits the lower 64 count."""
    if value is None or not _HEX.fullmatch(value):
        return None
    return int(value, 16) & _LOW


def to_b3(trace: TraceId) -> bytes:
    """The value of the single header `b3`."""
    value = b"%016x-%016x" % (trace.trace, trace.span)
    if trace.flags & DEBUG:
        value += b"-d"
    elif trace.flags & KNOWN:
        value += b"-1" if trace.flags & SAMPLED else b"-0"
    elif trace.parent != trace.span:
        return value  # a parent can only be told behind a decision
    if trace.parent != trace.span:
        value += b"-%016x" % trace.parent
    return value


def from_b3(value: bytes) -> tuple[TraceId | None, float | None]:
    """The reverse of `to_b3`; a header that only decides on sampling gives a rate of 0 or 1."""
    state = _STATES.get(value.lower())
    if state is not None:
        return None, float(bool(state & SAMPLED))
    found = _SINGLE.fullmatch(value)
    if found is None:
        return None, None
    span = int(found[2], 16)
    trace = int(found[1], 16) & _LOW
    parent = int(found[4], 16) if found[4] else span
    flags = _STATES[found[3].lower()] if found[3] else 0
    return TraceId(span, parent, trace, flags), None


# -- W3C Trace Context ----------------------------------------------------------------------------

_TRACEPARENT = re.compile(
    rb"(?!ff)([0-9a-f]{2})-([0-9a-f]{16})([0-9a-f]{16})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?"
)


def to_traceparent(trace: TraceId) -> bytes:
    """The value of `traceparent`. What is undecided reads as not sampled."""
    return b"00-%016x%016x-%016x-%02x" % (
        trace.high,
        trace.trace,
        trace.span,
        1 if trace.sampled else 0,
    )


def from_traceparent(value: bytes) -> TraceId | None:
    """The reverse of `to_traceparent`; later versions are read as far as they are known."""
    found = _TRACEPARENT.fullmatch(value)
    if found is None or (found[6] and found[1] == b"00"):
        return None
    high, trace, span = (int(part, 16) for part in found.groups()[1:4])
    if not (span and (high or trace)):
        return None
    sampled = int(found[5], 16) & 1
    return TraceId(span, span, trace, _SAMPLING if sampled else KNOWN, high)
