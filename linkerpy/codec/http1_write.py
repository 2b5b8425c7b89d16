"""HTTP/1 writer: Requests and Responses to bytes.

`protocol/http` asks here how a body must be framed for the peer, then for the head, then passes the
body's bytes through. The writer owns Content-Length, Transfer-Encoding and Connection: whatever the
header list says about them gives way to what is true of the message as it leaves.

No head can be written that reads as more lines than it was given (response splitting): every head
is counted once it is joined. See `_checked`.

Source: RFC 9112, sections 6, 7 and 9.3; dataplane spec, section 2.5.
"""

from enum import Enum, auto

from linkerpy.codec.body import Body, Trailers
from linkerpy.codec.fields import Headers
from linkerpy.codec.http import HTTP_10, HTTP_11, Message, Request, Response

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"

_WRITERS_OWN = frozenset((b"connection", b"content-length", b"transfer-encoding"))
_LENGTH_EXPECTED = frozenset((b"POST", b"PUT", b"PATCH"))
_NEVER_TRAILERS = frozenset(
    (
        b"authorization",
        b"connection",
        b"content-encoding",
        b"content-length",
        b"content-range",
        b"content-type",
        b"cookie",
        b"expect",
        b"host",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"set-cookie",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
"""Fields that mean something only in front of a body, or to the connection they came by.

A next hop that merges trailers into the headers would be led astray. Source: RFC 9110, 6.5.1.
"""

_join_field = b": ".join
_join_lines = b"\r\n".join


class UnwritableHead(ValueError):
    """A head holds a CR, LF or NUL, or a space in its target: a bug in what made it."""


class Framing(Enum):
    """How the end of a body is shown to the peer."""

    NONE = auto()
    """No body and no word about one."""
    DESCRIBED = auto()
    """No body; Content-Length, if any, tells of another message's: a reply to HEAD, a 304."""
    LENGTH = auto()
    CHUNKED = auto()
    CLOSE = auto()


def request_framing(request: Request) -> Framing:
    """How a request's body is sent.

    Raises: ValueError for a body of unknown length in HTTP/1.0, which has no way to send it.
    """
    length = request.body.length
    if length == 0:
        return Framing.LENGTH if request.method in _LENGTH_EXPECTED else Framing.NONE
    if length is not None:
        return Framing.LENGTH
    if request.version == HTTP_10:
        raise ValueError("an HTTP/1.0 request needs a body of known length")
    return Framing.CHUNKED


def response_framing(response: Response, method: bytes, peer: bytes) -> Framing:
    """How a response's body is sent in answer to `method` from a client of HTTP version `peer`.

    With `CLOSE` the connection must be closed behind the body. With `NONE` and `DESCRIBED` no byte
    of the body may be sent.
    """
    status = response.status
    if status < 200 or status == 204:  # for HEAD, too: a length would be about no body at all
        return Framing.NONE
    if method == b"HEAD" or status == 304:
        return Framing.DESCRIBED
    if response.body.length is not None:
        return Framing.LENGTH
    if HTTP_10 in (peer, response.version):
        return Framing.CLOSE
    return Framing.CHUNKED


def request_head(request: Request, framing: Framing, *, keep_alive: bool) -> bytes:
    """The head of a request, in the request's own HTTP version.

    Raises: UnwritableHead.
    """
    uri, version = request.uri, request.version
    if len(uri.split()) != 1:
        raise UnwritableHead(f"white space in request target {uri!r}")
    connection = _connection(version, version, keep_alive=keep_alive)
    text = _ready(request, framing)
    if text is not None:
        return b"%b %b HTTP/%b\r\n%b%b\r\n" % (request.method, uri, version, text, connection)
    lines = [b"%b %b HTTP/%b" % (request.method, uri, version)]
    _add_fields(lines, request.headers, framing, request.body.length)
    return _checked(lines, connection)


def response_head(
    response: Response, framing: Framing, peer: bytes = HTTP_11, *, keep_alive: bool
) -> bytes:
    """The head of a response, in the response's own HTTP version, to a client of version `peer`.

    Raises: UnwritableHead.
    """
    version, status, reason = response.version, response.status, response.reason
    connection = b""
    if status >= 200:
        keep_alive = keep_alive and framing is not Framing.CLOSE
        connection = _connection(version, peer, keep_alive=keep_alive)
    text = _ready(response, framing)
    if text is not None and b"\n" not in reason:
        return b"HTTP/%b %d %b\r\n%b%b\r\n" % (version, status, reason, text, connection)
    lines = [b"HTTP/%b %d %b" % (version, status, reason)]
    _add_fields(lines, response.headers, framing, response.body.length)
    return _checked(lines, connection)


def whole_body(framing: Framing, body: Body) -> bytes:
    """What follows the head of a message whose body is complete, so that both go in one write."""
    if framing is Framing.LENGTH or framing is Framing.CLOSE:
        return body.data
    if framing is Framing.CHUNKED:
        data = body.data
        return (chunk(data) if data else b"") + last_chunk(body.trailers)
    return b""


def chunk(data: bytes) -> bytes:
    """A chunk of these bytes, which must not be empty: an empty chunk would end the body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def last_chunk(trailers: Trailers = ()) -> bytes:
    """The end of a chunked body, with those trailers that may stand there.

    Raises: UnwritableHead.
    """
    if not trailers:
        return LAST_CHUNK
    lines = [b"0"]
    lines += [_join_field(pair) for pair in trailers if pair[0].lower() not in _NEVER_TRAILERS]
    return _checked(lines)


def _ready(message: Message, framing: Framing) -> bytes | None:
    """The header lines of a message that came by HTTP, if they can stay as they are.

    They were checked when they were read, and what was added when it was made.
    """
    fields = message.fields
    if fields is None or fields.told is None:
        return None
    if framing is Framing.DESCRIBED:
        return fields.text + message.added
    length = message.body.length
    if framing is Framing.LENGTH and length is not None:
        if fields.length == length:
            return fields.text + message.added
        if not fields.told:
            return b"%b%bContent-Length: %d\r\n" % (fields.text, message.added, length)
    elif not fields.told:
        if framing is Framing.CHUNKED:
            return b"%b%bTransfer-Encoding: chunked\r\n" % (fields.text, message.added)
        return fields.text + message.added
    return None  # they tell of another body


def _add_fields(lines: list[bytes], headers: Headers, framing: Framing, length: int | None) -> None:
    """Add the header lines, and those that say how the body is framed."""
    own = [pair for pair in headers if pair[0].lower() in _WRITERS_OWN]
    described = None if framing is not Framing.LENGTH or length is None else b"%d" % length
    if own:
        name, value = own[0]
        told = len(own) == 1 and name.lower() == b"content-length"
        if told and (value == described or framing is Framing.DESCRIBED):
            described = None  # it stays, so that the peer sees the sender's spelling and order
        else:
            headers = _without_own(headers, framing)
    lines += map(_join_field, headers)
    if described is not None:
        lines.append(b"Content-Length: " + described)
    elif framing is Framing.CHUNKED:
        lines.append(b"Transfer-Encoding: chunked")


def _without_own(headers: Headers, framing: Framing) -> Headers:
    """The headers whose truth does not depend on how the message leaves."""
    dropped = _WRITERS_OWN
    if framing is Framing.DESCRIBED:
        dropped = _WRITERS_OWN - {b"content-length"}
    return [pair for pair in headers if pair[0].lower() not in dropped]


def _connection(version: bytes, peer: bytes, *, keep_alive: bool) -> bytes:
    """Say what becomes of the connection where the versions alone do not. Source: RFC 9112, 9.3."""
    if not keep_alive:
        return b"" if version == HTTP_10 else b"Connection: close\r\n"
    if version == HTTP_11 and peer == HTTP_11:
        return b""
    return b"Connection: keep-alive\r\n"


def _checked(lines: list[bytes], connection: bytes = b"") -> bytes:
    """Join lines to a head, and see that no line contains a line end of its own.

    Three counts over the joined head cost a tenth of what looking at every value would.
    """
    count = len(lines)
    lines.append(b"")
    head = _join_lines(lines)
    if head.count(b"\n") != count or head.count(b"\r") != count or b"\0" in head:
        raise UnwritableHead("a header name or value holds a CR, LF or NUL")
    return b"%b%b\r\n" % (head, connection)
