"""Collector: a place that takes reports by HTTP POST, and may be down.

Told in the log is the first of a row of failures, and that it is over; not each of them.
"""

# mypy: disallow-untyped-calls=False
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any, Final

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.python.failure import Failure
from twisted.web.client import Agent, HTTPConnectionPool, ResponseNeverReceived

from linkerpy.net.log import logger

_log = logger("linkerpy.net")

PATIENCE: Final = 10.0
"""Seconds until a collector must have answered."""

_OVERLOADED: Final = (429, 502, 503, 504)
"""Statuses that ask for another try. Source: OTLP 1.x, "Retryable Response Codes"."""

_MOST_READ: Final = 1 << 16
"""Bytes of an answer that are read."""


class Outcome(Enum):
    """What became of a report."""

    TAKEN = auto()
    LATER = auto()
    """It was not taken, and may be sent again."""
    REFUSED = auto()
    """It will not be taken, or nobody knows whether it was: do not send it again."""


class Collector:
    """POSTs to one URL. `hint` is what to look at first when nobody listens there."""

    def __init__(self, reactor: Any, url: str, headers: Mapping[str, str], hint: str = "") -> None:
        self.url = url
        self._reactor = reactor
        self._headers = dict(headers)
        self._hint = hint
        self._pool: Any = None
        self._client: Any = None
        self._troubled = False

    def post(self, body: bytes) -> Deferred[Outcome]:
        """Send a report; the Deferred never fails."""
        if self._client is None:
            self._connect()
        sent = self._client.post(
            self.url, data=body, headers=self._headers, timeout=PATIENCE, reactor=self._reactor
        )
        sent.addCallback(self._read)
        sent.addCallbacks(self._answered, self._failed)
        answer: Deferred[Outcome] = sent
        return answer

    def _connect(self) -> None:
        from treq.client import HTTPClient  # noqa: PLC0415 - half a second that few need

        self._pool = HTTPConnectionPool(self._reactor)
        self._pool.maxPersistentPerHost = 1
        self._client = HTTPClient(Agent(self._reactor, pool=self._pool, connectTimeout=PATIENCE))

    def _read(self, response: Any) -> Any:
        from treq import collect  # noqa: PLC0415

        pieces: list[bytes] = []

        def take(data: bytes) -> None:
            if sum(map(len, pieces)) < _MOST_READ:
                pieces.append(data)

        read = collect(response, take)
        return read.addCallback(lambda _: (int(response.code), b"".join(pieces)))

    def _answered(self, answer: tuple[int, bytes]) -> Outcome:
        status, body = answer
        if 200 <= status < 300:
            if self._troubled:
                _log.info("{url} takes reports again", url=self.url)
            self._troubled = False
            return Outcome.TAKEN
        said = body[:200].decode("utf-8", "replace")
        self._trouble(f"it answers with status {status}: {said!r}")
        return Outcome.LATER if status in _OVERLOADED else Outcome.REFUSED

    def _failed(self, failure: Failure) -> Outcome:
        error: Any = failure.value
        if isinstance(error, ResponseNeverReceived) and error.reasons:
            error = error.reasons[0].value
        said = str(error) or type(error).__name__
        if isinstance(error, CancelledError):
            said = f"no answer within {PATIENCE:g} seconds"
        self._trouble(f"{said}{self._hint and f' ({self._hint})'}")
        # What broke off may have been taken.
        return Outcome.LATER if _never_sent(failure) else Outcome.REFUSED

    def _trouble(self, why: str) -> None:
        if not self._troubled:
            _log.warn("{url} takes no reports: {why}", url=self.url, why=why)
        self._troubled = True

    def close(self) -> Deferred[None]:
        """Close the connection."""
        pool, self._pool, self._client = self._pool, None, None
        if pool is None:
            return succeed(None)
        closed: Deferred[None] = pool.closeCachedConnections()
        return closed


def _never_sent(failure: Failure) -> bool:
    """Whether there was no connection to send by."""
    from twisted.internet import error  # noqa: PLC0415 - beside what it explains

    return bool(failure.check(error.ConnectError, error.DNSLookupError, error.TimeoutError))
