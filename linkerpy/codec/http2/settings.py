"""Settings: what each end of a connection tells the other about itself.

Source: RFC 9113, section 6.5.2; RFC 8441, section 3.
"""

from dataclasses import dataclass

from linkerpy.codec.http2.errors import ConnectionFailure, ErrorCode
from linkerpy.codec.http2.frames import MIN_MAX_FRAME

HEADER_TABLE_SIZE = 0x1
ENABLE_PUSH = 0x2
MAX_CONCURRENT_STREAMS = 0x3
INITIAL_WINDOW_SIZE = 0x4
MAX_FRAME_SIZE = 0x5
MAX_HEADER_LIST_SIZE = 0x6
ENABLE_CONNECT_PROTOCOL = 0x8

DEFAULT_TABLE = 4096
DEFAULT_WINDOW = 65_535
MAX_WINDOW = 2**31 - 1
_MAX_MAX_FRAME = 2**24 - 1
UNLIMITED = 2**32
_BEFORE_TOLD = 100
"""Streams to be had of a peer that has said nothing yet. Source: RFC 9113, 6.5.2."""


@dataclass(frozen=True, slots=True)
class OurSettings:
    """What we tell the peer, and hold it to. Sizes in bytes.

    The window of the connection is no setting: the difference to the protocol's default is granted
    right behind the settings.
    """

    header_table: int = DEFAULT_TABLE
    window: int = DEFAULT_WINDOW
    max_frame: int = MIN_MAX_FRAME
    max_streams: int = 1000
    """Streams a client may have open at once; of a client itself it means nothing."""
    max_header_list: int = 65_536
    connect_protocol: bool = False
    """Whether a server takes extended CONNECT."""
    connection_window: int = 1 << 20
    update_ratio: float = 0.5
    """Share of a window that is left when it is opened again."""

    def pairs(self, *, server: bool) -> list[tuple[int, int]]:
        """As SETTINGS carries them: what differs from the protocol's defaults."""
        told = [
            (MAX_CONCURRENT_STREAMS, self.max_streams) if server else (ENABLE_PUSH, 0),
            (MAX_HEADER_LIST_SIZE, self.max_header_list),
        ]
        if self.window != DEFAULT_WINDOW:
            told.append((INITIAL_WINDOW_SIZE, self.window))
        if self.max_frame != MIN_MAX_FRAME:
            told.append((MAX_FRAME_SIZE, self.max_frame))
        if self.header_table != DEFAULT_TABLE:
            told.append((HEADER_TABLE_SIZE, self.header_table))
        if server and self.connect_protocol:
            told.append((ENABLE_CONNECT_PROTOCOL, 1))
        return told


class PeerSettings:
    """What the peer has told us so far, the protocol's defaults for the rest.

    Its table size is not kept: our blocks fit into any table, see `hpack_encode`. Nor is the size
    of heads it would like: one that is too large for it, it refuses itself.
    """

    __slots__ = ("connect_protocol", "max_frame", "max_streams", "told", "window")

    def __init__(self) -> None:
        self.window = DEFAULT_WINDOW
        self.max_frame = MIN_MAX_FRAME
        self.max_streams = _BEFORE_TOLD
        self.told = False
        """Whether the peer has told anything."""
        self.connect_protocol = False

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={getattr(self, name)}" for name in self.__slots__)
        return f"<PeerSettings {told}>"

    def begin(self) -> None:
        """Settings come, the first ones perhaps: what they leave out is as by default."""
        if not self.told:
            self.told = True
            self.max_streams = UNLIMITED

    def take(self, identifier: int, value: int, *, from_server: bool) -> None:
        """One setting; unknown ones mean nothing.

        Raises: ConnectionFailure for a value that must not be.
        """
        if identifier == INITIAL_WINDOW_SIZE:
            if value > MAX_WINDOW:
                raise ConnectionFailure(
                    ErrorCode.FLOW_CONTROL_ERROR, f"an initial window of {value} bytes"
                )
            self.window = value
        elif identifier == MAX_FRAME_SIZE:
            if not MIN_MAX_FRAME <= value <= _MAX_MAX_FRAME:
                raise _wrong("frames of at most", value)
            self.max_frame = value
        elif identifier == MAX_CONCURRENT_STREAMS:
            self.max_streams = value
        elif identifier == ENABLE_PUSH:
            if value > 1 or (value and from_server):
                raise _wrong("a setting of ENABLE_PUSH of", value)
        elif identifier == ENABLE_CONNECT_PROTOCOL:
            if value > 1 or (self.connect_protocol and not value):
                raise _wrong("a setting of ENABLE_CONNECT_PROTOCOL of", value)
            self.connect_protocol = bool(value)


def _wrong(what: str, value: int) -> ConnectionFailure:
    return ConnectionFailure(ErrorCode.PROTOCOL_ERROR, f"{what} {value}")
