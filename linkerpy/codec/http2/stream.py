"""A stream: one exchange on a connection, and what is known of it there.

Only the connection changes what is in it, but for `owner`. Windows and sizes in bytes.

Source: RFC 9113, sections 5.1 and 5.2.
"""

from collections import deque
from typing import Any

from linkerpy.codec.http2.errors import StreamFailure
from linkerpy.codec.http2.states import DONE, HEAD, STATES


class Stream:
    """Handed out with its first event, or by `ClientConnection.open`."""

    __slots__ = (
        "at",
        "credit",
        "error",
        "held",
        "id",
        "left",
        "method",
        "owner",
        "queue",
        "receiving",
        "sending",
        "trailers",
        "unsent",
        "window",
        "window_in",
    )

    def __init__(self, number: int, method: bytes, window: int, window_in: int) -> None:
        self.id = number
        self.method = method
        """Of the request: what a response may hold depends on it."""
        self.owner: Any = None
        """Whatever the user of the connection wants to find again with the stream."""
        self.error: StreamFailure | None = None
        """Why the stream ended before its time; what is sent on it since is dropped."""
        self.receiving = HEAD
        self.sending = HEAD
        """What has been asked to be sent; that may be ahead of what the windows let go."""

        self.window = window
        """What the peer still takes; below zero after it has made its windows smaller."""
        self.unsent = 0
        """Waits for a window, in `queue`; of its first piece `at` bytes are gone."""
        self.queue: deque[bytes] | None = None
        self.at = 0
        self.trailers: bytes | None = None
        """The block behind what waits."""

        self.window_in = window_in
        """What the peer may still send."""
        self.held = 0
        """Received, and not yet said to be consumed."""
        self.credit = 0
        """Consumed, and not yet told to the peer."""
        self.left = -1
        """What the declared length leaves to come, or -1 if none was declared."""

    def __repr__(self) -> str:
        state = f"receives {STATES[self.receiving]}, sends {STATES[self.sending]}"
        return f"<Stream {self.id} {state} unsent={self.unsent} error={self.error!r}>"

    @property
    def answered(self) -> bool:
        """Whether all that was to be sent is sent."""
        return self.sending == DONE and not self.unsent
