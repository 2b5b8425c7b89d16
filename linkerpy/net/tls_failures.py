"""TLS failures as operators are told of them: a line in the log, and a list of recent ones.

`tls_handshake` tells; the list is the process's, and the admin page shows it.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from linkerpy.core.clock import Clock
from linkerpy.net.log import logger
from linkerpy.net.tls_errors import TlsFailed

_log = logger("linkerpy.tls")

LOG_INTERVAL = 5.0
"""Seconds between two lines about failures of one cause, of one server or one router's clients."""

_MOST_RECENT = 100

Side = Literal["server", "client"]
"""Which part of TLS we played."""


@dataclass(frozen=True, slots=True)
class TlsFailure:
    """A failure as it is listed; `at` in seconds since the epoch."""

    at: float
    router: str
    side: Side
    peer: str
    cause: str
    message: str


class TlsFailures:
    """The latest failures, newest first.

    Of those that differ in nothing but their time, and at a server the peer's port, only the last
    is kept: a peer that fails again and again takes one place, and leaves the others theirs.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._kept: dict[tuple[str, ...], TlsFailure] = {}

    def __iter__(self) -> Iterator[TlsFailure]:
        return reversed(self._kept.values())

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, router: str, side: Side, peer: str, failed: TlsFailed) -> None:
        """List one; the oldest makes room for it."""
        who = peer.rpartition(":")[0] if side == "server" else peer
        key = (router, side, who, failed.cause)
        self._kept.pop(key, None)
        self._kept[key] = TlsFailure(self._now(), router, side, peer, failed.cause, failed.text)
        if len(self._kept) > _MOST_RECENT:
            del self._kept[next(iter(self._kept))]

    def teller(self, clock: Clock, router: str, side: Side, where: str) -> "Teller":
        """Who tells of the failures of a server, or of a router's clients.

        `where` is what the log calls it.
        """
        return Teller(self, clock, router, side, where)


class Teller:
    """Tells of the failures of one server, or of all clients of one router."""

    def __init__(
        self, failures: TlsFailures, clock: Clock, router: str, side: Side, where: str
    ) -> None:
        self._failures = failures
        self._clock = clock
        self._router = router
        self._side: Side = side
        self._where = where
        self._told: dict[str, tuple[float, int]] = {}
        """By cause: when it was last told, and how many were not since."""

    def tell(self, failed: TlsFailed, peer: str) -> None:
        """List a failure, and write it into the log unless its cause was there just now."""
        if self._side == "server" and failed.cause == "silent":  # health checks, by the thousand
            _log.debug("{peer} at {where}: {why}", peer=peer, where=self._where, why=failed.text)
            return
        self._failures.add(self._router, self._side, peer, failed)
        now = self._clock.seconds()
        told_at, untold = self._told.get(failed.cause, (now - LOG_INTERVAL, 0))
        if now - told_at < LOG_INTERVAL:
            self._told[failed.cause] = (told_at, untold + 1)
            return
        self._told[failed.cause] = (now, 0)
        ends = (self._where, peer) if self._side == "client" else (peer, self._where)
        _log.warn(
            "TLS of {caller} with {called} failed: {text}{more}",
            caller=ends[0],
            called=ends[1],
            text=failed.text,
            more=f" (and {untold} more like it since the last such line)" if untold else "",
        )
