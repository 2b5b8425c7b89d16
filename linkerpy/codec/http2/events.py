"""What `receive` tells: each event once, in the order of the bytes that made it.

Source: RFC 9113.
"""

from linkerpy.codec.body import Trailers
from linkerpy.codec.http import Request, Response
from linkerpy.codec.http2.errors import ConnectionFailure, StreamFailure
from linkerpy.codec.http2.stream import Stream


class Event:
    """Something that the user of a connection must know."""

    __slots__ = ()


class RequestReceived(Event):
    """A new stream, and the head of its request.

    If it has `ended` nothing follows: there is no body, or all of it came in the same read and is
    the request's. Otherwise the body of the request is the user's to make, of the declared `length`
    in bytes if there is one.
    """

    __slots__ = ("ended", "length", "request", "stream")

    def __init__(self, stream: Stream, request: Request, ended: bool, length: int | None) -> None:
        self.stream = stream
        self.request = request
        self.ended = ended
        self.length = length

    def __repr__(self) -> str:
        return f"<RequestReceived {self.stream.id} {self.request!r} ended={self.ended}>"


class ResponseReceived(Event):
    """The head of the response to a request; `ended` and `length` as of `RequestReceived`."""

    __slots__ = ("ended", "length", "response", "stream")

    def __init__(self, stream: Stream, response: Response, ended: bool, length: int | None) -> None:
        self.stream = stream
        self.response = response
        self.ended = ended
        self.length = length

    def __repr__(self) -> str:
        return f"<ResponseReceived {self.stream.id} {self.response!r} ended={self.ended}>"


class InterimReceived(Event):
    """A 1xx response; others follow."""

    __slots__ = ("response", "stream")

    def __init__(self, stream: Stream, response: Response) -> None:
        self.stream = stream
        self.response = response

    def __repr__(self) -> str:
        return f"<InterimReceived {self.stream.id} {self.response!r}>"


class DataReceived(Event):
    """Bytes of a body: `consumed` is to be called for them. They are empty only at the end."""

    __slots__ = ("data", "ended", "stream")

    def __init__(self, stream: Stream, data: bytes, ended: bool) -> None:
        self.stream = stream
        self.data = data
        self.ended = ended

    def __repr__(self) -> str:
        return f"<DataReceived {self.stream.id} {len(self.data)} bytes ended={self.ended}>"


class TrailersReceived(Event):
    """The fields behind a body; the message has ended."""

    __slots__ = ("stream", "trailers")

    def __init__(self, stream: Stream, trailers: Trailers) -> None:
        self.stream = stream
        self.trailers = trailers

    def __repr__(self) -> str:
        return f"<TrailersReceived {self.stream.id} {self.trailers!r}>"


class StreamFailed(Event):
    """A stream that was told of before has ended before its time; nothing follows on it.

    The peer ended it (`StreamReset`), or broke a rule and has been told, or the connection failed.
    """

    __slots__ = ("error", "stream")

    def __init__(self, stream: Stream, error: StreamFailure) -> None:
        self.stream = stream
        self.error = error

    def __repr__(self) -> str:
        return f"<StreamFailed {self.stream.id} {self.error!r}>"


class StreamDrained(Event):
    """All that waited for the windows is sent: the producer may go on."""

    __slots__ = ("stream",)

    def __init__(self, stream: Stream) -> None:
        self.stream = stream

    def __repr__(self) -> str:
        return f"<StreamDrained {self.stream.id}>"


class SettingsReceived(Event):
    """The peer has told its settings; see `Connection.peer`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<SettingsReceived>"


class SettingsAcknowledged(Event):
    """The peer holds to our settings from here on."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<SettingsAcknowledged>"


class PingAcknowledged(Event):
    """The peer has answered a PING of ours."""

    __slots__ = ("payload",)

    def __init__(self, payload: bytes) -> None:
        self.payload = payload

    def __repr__(self) -> str:
        return f"<PingAcknowledged {self.payload!r}>"


class GoawayReceived(Event):
    """The peer takes no new streams. Those it has not acted on have failed before this event."""

    __slots__ = ("code", "debug", "last_stream")

    def __init__(self, last_stream: int, code: int, debug: bytes) -> None:
        self.last_stream = last_stream
        self.code = code
        self.debug = debug

    def __repr__(self) -> str:
        return f"<GoawayReceived last={self.last_stream} code={self.code} {self.debug!r}>"


class ConnectionFailed(Event):
    """The peer broke the protocol. All streams have failed before; a GOAWAY waits in `out`.

    It is to be sent, and the connection closed. What is received from then on means nothing.
    """

    __slots__ = ("error",)

    def __init__(self, error: ConnectionFailure) -> None:
        self.error = error

    def __repr__(self) -> str:
        return f"<ConnectionFailed {self.error!r}>"
