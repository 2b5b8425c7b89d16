"""Spans as layers would leave them, at moments that a test names."""

from linkerpy.core.errors import ConnectionFailed
from linkerpy.core.var import Source
from linkerpy.naming.addr import ADDR_PENDING, Address
from linkerpy.naming.bound import Bound
from linkerpy.naming.path import EMPTY, Path
from linkerpy.router.dst import Dst
from linkerpy.telemetry.span import ServerSpan
from linkerpy.telemetry.trace_id import KNOWN, SAMPLED, TraceId

AT = 1_700_000_000.0
TRACE = TraceId(0xA1, 0xB2, 0xC3, KNOWN | SAMPLED)
BOUND = Bound(Path.parse("/#/io.l5d.fs/web"), Source(ADDR_PENDING))


class Moments:
    """A clock that a test sets, in milliseconds since the request came."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return 1000 + self.now / 1000


def begun(*records, trace=TRACE, uri=b"/cart?id=7", host=b"web", method=b"GET"):
    """A span and its clock."""
    clock = Moments()
    span = ServerSpan(trace, "http", AT, records, clock)
    span.method, span.uri, span.host, span.peer = method, uri, host, "10.9.9.9:50000"
    return span, clock


def named(span, clock, at=1.0, path="/svc/web"):
    clock.now = at
    span.named(Dst(Path.parse(path)))


def bound(span, clock, at=2.0, residual=EMPTY):
    clock.now = at
    span.led_to(Bound(BOUND.id, BOUND.addr, residual))


def sent(span, clock, began, ended, outcome, port=8080, waited=None, id_=0xD4):
    """One attempt; the outcome is a status or an error."""
    clock.now = began
    span.next_id = id_
    attempt = span.attempt()
    if waited is not None:
        clock.now = waited
        span.dispatched()
    clock.now = ended
    address = Address("10.0.0.1", port)
    if isinstance(outcome, int):
        attempt.answered(outcome, address, clock())
    else:
        attempt.failed(outcome, address, clock())


def retried(*records, **options):
    """Refused by one endpoint, answered by another after a wait for a connection: 200 in 20 ms."""
    span, clock = begun(*records, **options)
    named(span, clock)
    bound(span, clock)
    sent(span, clock, 3, 4, ConnectionFailed("refused"), port=8081, id_=0xD3)
    sent(span, clock, 5, 12, 200, waited=8)
    clock.now = 12.5
    span.answered(200)
    clock.now = 20
    span.finish(None)
    return span


def failed(error, *records, **options):
    """A request that came to nothing after 4 ms."""
    span, clock = begun(*records, **options)
    clock.now = 4
    span.failed(error)
    return span
