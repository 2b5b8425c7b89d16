"""Spans: what happened to one request, noted while it passes.

A server span is the request as the caller sees it, a client span each time it was sent to an
endpoint. The layers of a stack write into them; once the response's body is over, the span is
handed to every tracer that wants it. Nothing is turned into text before somebody asks.

Moments are seconds of the router's clock; None is what never came to be.

Source: telemetry-admin spec, section 3.5.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from linkerpy.core.errors import BackendError, Cancelled, NoHosts, RouterError
from linkerpy.naming.addr import Address
from linkerpy.naming.bound import Bound
from linkerpy.telemetry.trace_id import TraceId

MOST_ATTEMPTS: Final = 64
"""Client spans that one request may have: the first ones, and the last."""

_MOST_TEXT: Final = 2000
"""Characters that are kept of an error."""

Record = Callable[["ServerSpan"], None]
"""Takes a span that has ended. It may keep it: nothing changes it any more."""


class ClientSpan:
    """One sending of a request: to which endpoint, and what came of it.

    `id` is the span that the endpoint was told. What is sent again below one attempt (a requeue) is
    told the same. `dispatched` is when a connection took it, `ended` when the head of the response
    was here.
    """

    dispatched: float | None = None
    endpoint: Address | None = None
    status: int | None = None
    error: str | None = None

    def __init__(self, span: int, now: float) -> None:
        self.id = span
        self.began = self.ended = now

    def answered(self, status: int, endpoint: Address | None, now: float) -> None:
        """A response has come."""
        self.ended = now
        self.status = status
        self.endpoint = endpoint
        if self.dispatched is None:  # a connection was at hand
            self.dispatched = self.began

    def failed(self, error: BaseException, endpoint: Address | None, now: float) -> None:
        """No response came. An endpoint is only believed where one can have been picked."""
        self.ended = now
        self.error = error_text(error)
        self.endpoint = None if isinstance(error, NoHosts) else endpoint
        if self.dispatched is None and isinstance(error, BackendError):
            self.dispatched = self.began


class ServerSpan:
    """One request. `at` is when it came, in seconds of the epoch, and `began` by the clock.

    The target and the host are the caller's bytes. `dst` is what it was identified as; `bound`,
    `bound_at` and the client spans' last tell of the last attempt. `first_byte` is when the head of
    the response was here, `ended` when its body was over.
    """

    # Defaults of the class: to set them for each request would cost it a microsecond.
    method = b""
    uri = b""
    host = b""
    peer = ""
    dst: Any = None
    bound: Bound | None = None
    identified: float | None = None
    bound_at: float | None = None
    first_byte: float | None = None
    status: int | None = None
    error: str | None = None
    next_id = 0
    """The span that the next endpoint is told; set before it is."""

    def __init__(
        self,
        trace: TraceId,
        router: str,
        at: float,
        tracers: Sequence[Record],
        seconds: Callable[[], float],
    ) -> None:
        self._seconds = seconds
        self._tracers = tracers
        self.trace = trace
        self.router = router
        self.at = at
        self.began = self.ended = seconds()
        self.attempts: list[ClientSpan] = []

    # -- what the layers say ----------------------------------------------------------------------

    def named(self, dst: Any) -> None:
        """It has been identified."""
        self.dst = dst
        self.identified = self._seconds()

    def led_to(self, bound: Bound) -> None:
        """Its name has been bound, and the addresses behind it are known."""
        self.bound = bound
        self.bound_at = self._seconds()

    def attempt(self) -> ClientSpan:
        """It is about to be sent."""
        made = ClientSpan(self.next_id or self.trace.span, self._seconds())
        attempts = self.attempts
        if len(attempts) < MOST_ATTEMPTS:
            attempts.append(made)
        else:
            attempts[-1] = made
        return made

    def dispatched(self) -> None:
        """A connection that had to be waited for takes it."""
        if self.attempts:
            self.attempts[-1].dispatched = self._seconds()

    def answered(self, status: int) -> None:
        """The head of the response is here; the body follows, until `finish`."""
        self.status = status
        self.first_byte = self._seconds()

    def failed(self, error: BaseException) -> None:
        """The caller gets an error in place of a response, unless it has left."""
        self.error = error_text(error)
        if not isinstance(error, Cancelled):
            self.status = error.status if isinstance(error, RouterError) else 500
        self.finish(None)

    def finish(self, error: BaseException | None) -> None:
        """It is over; `error` is what its body broke off with. Tell the tracers."""
        if error is not None:
            self.error = error_text(error)
        self.ended = self._seconds()
        for record in self._tracers:
            record(self)

    # -- what readers ask -------------------------------------------------------------------------

    @property
    def duration(self) -> float:
        """Seconds from the first byte of the request to the last of the response."""
        return self.ended - self.began

    @property
    def endpoint(self) -> Address | None:
        """Where the last attempt went."""
        return self.attempts[-1].endpoint if self.attempts else None

    @property
    def service(self) -> str:
        """The logical name as metrics spell it, empty for what could not be identified."""
        return "" if self.dst is None else str(self.dst.path.show()[1:])

    @property
    def client(self) -> str:
        """The bound id as metrics spell it, empty for what was never bound."""
        return "" if self.bound is None else self.bound.id.show()[1:]

    def wall(self, moment: float) -> float:
        """A moment of the clock in seconds of the epoch."""
        return self.at + (moment - self.began)


def error_text(error: BaseException) -> str:
    """The kind of an error and what it says, at most some lines of it."""
    kind, said = type(error).__name__, str(error)
    return (kind if said in ("", kind) else f"{kind}: {said}")[:_MOST_TEXT]
