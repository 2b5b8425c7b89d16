"""The state of a stream: two halves, what we receive and what we send, each a table.

Two laws. A half knows nothing of the other: RFC 9113's states are pairs (open is neither half
DONE, half-closed is one, closed is both), and each frame moves one half. And every move is in a
table, or it is an error that the table names.

    RECEIVING[half][move] is the next state of the half, or, below zero, what is wrong
    SENDING[half][move]   the same for us; whatever is wrong there is our own misuse

Moves that no half makes (PRIORITY, WINDOW_UPDATE) are not here; RST_STREAM ends both at once.

Source: RFC 9113, sections 5.1, 8.1 and 8.1.1.
"""

from linkerpy.codec.http2.errors import ErrorCode

# The states of a half.
HEAD = 0
"""The head of the message is to come; interim heads may come before it."""
BODY = 1
"""The head was there: data, trailers or the end may come."""
DONE = 2
"""END_STREAM was there: nothing may come."""

STATES = ("HEAD", "BODY", "DONE")

# The moves.
INTERIM = 0
"""The head of a 1xx response."""
HEADERS = 1
HEADERS_END = 2
DATA = 3
DATA_END = 4
INTERIM_END = 5

MOVES = ("INTERIM", "HEADERS", "HEADERS_END", "DATA", "DATA_END", "INTERIM_END")

_BEFORE_HEAD = -1
_NO_END = -2
_AFTER_END = -3
_LATE_INTERIM = -4
_ENDED_INTERIM = -5

WRONG = {
    _BEFORE_HEAD: (ErrorCode.PROTOCOL_ERROR, "DATA before the head of the message"),
    _NO_END: (ErrorCode.PROTOCOL_ERROR, "trailers that do not end the stream"),
    _AFTER_END: (ErrorCode.STREAM_CLOSED, "a frame behind the end of the stream"),
    _LATE_INTERIM: (ErrorCode.PROTOCOL_ERROR, "a 1xx status behind the head of the response"),
    _ENDED_INTERIM: (ErrorCode.PROTOCOL_ERROR, "a 1xx status that ends the stream"),
}
"""The code and the words for each thing that can be wrong."""

#            INTERIM        HEADERS     HEADERS_END  DATA          DATA_END      INTERIM_END
RECEIVING = (
    (HEAD,          BODY,       DONE,       _BEFORE_HEAD, _BEFORE_HEAD, _ENDED_INTERIM),  # HEAD
    (_LATE_INTERIM, _NO_END,    DONE,       BODY,         DONE,         _LATE_INTERIM),   # BODY
    (_AFTER_END,    _AFTER_END, _AFTER_END, _AFTER_END,   _AFTER_END,   _AFTER_END),      # DONE
)  # fmt: skip

SENDING = RECEIVING
"""We may send what a peer may."""
