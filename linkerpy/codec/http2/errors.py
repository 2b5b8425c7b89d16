"""What can be wrong in HTTP/2, and the code that tells the peer.

A `ConnectionFailure` ends the connection (GOAWAY), a `StreamFailure` one stream (RST_STREAM): both
are the peer's doing. `Misuse` is ours: a bug in what drives the codec.

Source: RFC 9113, sections 5.4 and 7.
"""

from enum import IntEnum


class ErrorCode(IntEnum):
    """Error codes as RST_STREAM and GOAWAY carry them; others are kept as plain numbers."""

    NO_ERROR = 0x0
    PROTOCOL_ERROR = 0x1
    INTERNAL_ERROR = 0x2
    FLOW_CONTROL_ERROR = 0x3
    SETTINGS_TIMEOUT = 0x4
    STREAM_CLOSED = 0x5
    FRAME_SIZE_ERROR = 0x6
    REFUSED_STREAM = 0x7
    CANCEL = 0x8
    COMPRESSION_ERROR = 0x9
    CONNECT_ERROR = 0xA
    ENHANCE_YOUR_CALM = 0xB
    INADEQUATE_SECURITY = 0xC
    HTTP_1_1_REQUIRED = 0xD


def code_name(code: int) -> str:
    """The RFC's name of a code, or its number."""
    try:
        return ErrorCode(code).name
    except ValueError:
        return f"error code {code:#x}"


class Http2Error(Exception):
    """Something ended. `reason` is written for a person, `code` for the peer."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{reason} ({code_name(code)})")
        self.code = code
        self.reason = reason


class ConnectionFailure(Http2Error):
    """The connection cannot be used further: the peer broke the protocol, or left."""


class CompressionFailure(ConnectionFailure):
    """A header block that is not HPACK; what the blocks behind it mean nobody knows."""

    def __init__(self, reason: str) -> None:
        super().__init__(ErrorCode.COMPRESSION_ERROR, reason)


class StreamFailure(Http2Error):
    """One stream ended before its time; the connection goes on.

    `processed` is False where it is certain that the peer has not acted on the request: it may be
    sent again, whatever its method. Source: RFC 9113, 8.7.
    """

    def __init__(self, code: int, reason: str, *, processed: bool = True) -> None:
        super().__init__(code, reason)
        self.processed = processed


class Malformed(StreamFailure):
    """A message that breaks the rules for messages. Source: RFC 9113, 8.1.1."""

    def __init__(self, reason: str) -> None:
        super().__init__(ErrorCode.PROTOCOL_ERROR, reason)


class HeadTooLarge(StreamFailure):
    """A list of header fields above our limit; a client is told by status 431."""

    def __init__(self, reason: str) -> None:
        super().__init__(ErrorCode.ENHANCE_YOUR_CALM, reason)


class StreamReset(StreamFailure):
    """The peer ended the stream, by RST_STREAM or by a GOAWAY that leaves it out."""


class Misuse(RuntimeError):
    """The codec was asked for what the state of the stream or connection does not allow."""
