"""Limits: what costs us and brings a peer nothing may be asked for only so often.

Each kind of abuse has an allowance: a number at once, so many per second, so many for each stream
that was opened, so many for each byte we were made to send. Real peers stay far below; who goes
beyond is told ENHANCE_YOUR_CALM and loses the connection. Time is passed in, and looked at only
when something is spent: nothing here is on the path of a request.

Source: CVE-2019-9511 to 9518, CVE-2023-44487 (rapid reset), CVE-2024-27316 (CONTINUATION flood),
CVE-2025-8671 (MadeYouReset).
"""

from dataclasses import dataclass
from enum import IntEnum

from linkerpy.codec.http2.errors import ConnectionFailure, ErrorCode


class Abuse(IntEnum):
    """What is counted."""

    RESETS = 0
    """Streams that ended unanswered: reset by the client, or by us for the client's fault."""
    SETTINGS = 1
    PINGS = 2
    EMPTY = 3
    """DATA without data or end, CONTINUATION without a byte."""
    UPDATES = 4
    """WINDOW_UPDATE."""
    IDLE = 5
    """Frames that mean nothing to us: PRIORITY, unknown types, frames on streams long gone."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How often something may be had: `at_once`, and more by time, streams and bytes sent."""

    at_once: int
    per_second: float = 0.0
    per_stream: float = 0.0
    per_byte: float = 0.0


_DEFAULTS = (
    Allowance(1000, 100, per_stream=0.5),  # a client may give up all it has, and later every other
    Allowance(100, 10),
    Allowance(1000, 100, per_stream=1, per_byte=1 / 1024),  # some probe bandwidth at every read
    Allowance(100, 10, per_stream=1),
    Allowance(1000, 100, per_stream=4, per_byte=1 / 512),
    Allowance(1000, 100, per_stream=4),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a connection, beside those it is told in settings. Sizes in bytes."""

    allowances: tuple[Allowance, ...] = _DEFAULTS
    """By `Abuse`."""
    max_header_block: int = 131_072
    """Of an encoded block: above that it is not even decoded, and the connection ends."""
    max_continuations: int = 32
    max_settings: int = 64
    """Settings in one frame."""
    max_held: int = 4 << 20
    """Received on all streams and not yet passed on: above that the connection stalls."""
    remembered_resets: int = 1000
    """Streams of which it is known that they were reset, for frames that come nevertheless."""


class Counters:
    """How often each kind of abuse was seen on a connection, and whether it is too often."""

    __slots__ = ("_allowances", "_left", "_streams", "_when", "_written", "counts")

    def __init__(self, allowances: tuple[Allowance, ...]) -> None:
        self._allowances = allowances
        self._left = [float(each.at_once) for each in allowances]
        count = len(allowances)
        self._when = [0.0] * count
        self._streams = [0] * count
        self._written = [0] * count
        self.counts = [0] * count
        """By `Abuse`, since the connection began."""

    def __repr__(self) -> str:
        seen = {kind.name: self.counts[kind] for kind in Abuse if self.counts[kind]}
        return f"<Counters {seen}>"

    def spend(self, kind: Abuse, now: float, streams: int, written: int) -> None:
        """Count one. `streams` opened and body bytes `written` are totals of the connection.

        Raises: ConnectionFailure with ENHANCE_YOUR_CALM.
        """
        self.counts[kind] += 1
        allowed = self._allowances[kind]
        earned = (
            (now - self._when[kind]) * allowed.per_second
            + (streams - self._streams[kind]) * allowed.per_stream
            + (written - self._written[kind]) * allowed.per_byte
        )
        self._when[kind] = now
        self._streams[kind] = streams
        self._written[kind] = written
        left = min(self._left[kind] + earned, allowed.at_once) - 1
        self._left[kind] = left
        if left < 0:
            raise ConnectionFailure(
                ErrorCode.ENHANCE_YOUR_CALM, f"too many: {kind.name.lower()} of this connection"
            )
