"""HTTP messages as every layer sees them: Request, Response and their header lists.

Both HTTP versions are decoded to these and encoded from these; filters read and change them. A
header list holds `(name, value)` pairs of bytes in wire order and wire case, because what is not
understood is forwarded as it came. The functions below look names up without regard to case; the
name they are given must already be lower case, so that no call pays for folding it.
"""

from typing import Any

from linkerpy.codec.body import EMPTY, Body

Headers = list[tuple[bytes, bytes]]

HTTP_10 = b"1.0"
HTTP_11 = b"1.1"

HOP_BY_HOP = frozenset(
    (
        b"connection",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
"""Headers that concern one connection only. Source: dataplane spec, section 2.4."""


class Request:
    """A request. `uri` is the request target as it stood on the wire.

    `names` has the lower-case names of the headers as they came, each with its last value, so that
    nobody need search for what was not there. `names_of` makes it where no parser did.
    """

    __slots__ = ("body", "ctx", "headers", "method", "names", "uri", "version")

    def __init__(
        self,
        method: bytes,
        uri: bytes,
        headers: Headers,
        body: Body = EMPTY,
        version: bytes = HTTP_11,
    ) -> None:
        self.method = method
        self.uri = uri
        self.version = version
        self.headers = headers
        self.body = body
        self.names: dict[bytes, bytes] | None = None
        self.ctx: Any = None
        """What the router knows about this request; never written to the wire."""

    def __repr__(self) -> str:
        return f"<Request {self.method!r} {self.uri!r} HTTP/{self.version.decode()}>"


class Response:
    """A response. `reason` is carried as it came and may be empty; `names` as in a request."""

    __slots__ = ("body", "headers", "names", "reason", "status", "version")

    def __init__(
        self,
        status: int,
        headers: Headers,
        body: Body = EMPTY,
        reason: bytes = b"",
        version: bytes = HTTP_11,
    ) -> None:
        self.status = status
        self.reason = reason
        self.version = version
        self.headers = headers
        self.names: dict[bytes, bytes] | None = None
        self.body = body

    def __repr__(self) -> str:
        return f"<Response {self.status} HTTP/{self.version.decode()}>"


def names_of(message: Request | Response) -> dict[bytes, bytes]:
    """The headers that a message came with: lower-case names, each with its last value."""
    if message.names is None:
        message.names = {name.lower(): value for name, value in message.headers}
    return message.names


def get(headers: Headers, name: bytes) -> bytes | None:
    """The first value of the lower-case `name`, or None."""
    for key, value in headers:
        if key.lower() == name:
            return value
    return None


def get_all(headers: Headers, name: bytes) -> list[bytes]:
    """Every value of the lower-case `name`, in order."""
    return [value for key, value in headers if key.lower() == name]


def remove(headers: Headers, name: bytes) -> bool:
    """Take every header of the lower-case `name` out; whether there was one."""
    kept = [pair for pair in headers if pair[0].lower() != name]
    if len(kept) == len(headers):
        return False
    headers[:] = kept
    return True


def replace(headers: Headers, name: bytes, value: bytes) -> None:
    """Make `value` the only value of `name`, which is compared without case and written as given.

    The new header takes the place of the first old one, or the end of the list.
    """
    folded = name.lower()
    for index, (key, _) in enumerate(headers):
        if key.lower() == folded:
            rest = [pair for pair in headers[index + 1 :] if pair[0].lower() != folded]
            headers[index:] = [(name, value), *rest]
            return
    headers.append((name, value))


def tokens(headers: Headers, name: bytes) -> list[bytes]:
    """The comma-separated items of every header of the lower-case `name`, folded to lower case."""
    return [
        token
        for value in get_all(headers, name)
        for item in value.split(b",")
        if (token := item.strip(b" \t").lower())
    ]


def strip_hop_by_hop(message: Request | Response) -> None:
    """Remove what concerns only the connection a message came by.

    That is `HOP_BY_HOP` and whatever `Connection` names; `Keep-Alive` and `Proxy-Connection` stay
    unless named. `Host` and the length of the body stay even when named: a message stripped of
    them would mean something else to the next hop.

    Source: dataplane spec, section 2.4; RFC 9110, 7.6.1.
    """
    names = names_of(message)
    if names.keys().isdisjoint(HOP_BY_HOP):
        return
    headers = message.headers
    dropped: frozenset[bytes] | set[bytes] = HOP_BY_HOP
    if names.get(b"connection", b"close").lower() not in _NAMES_NOTHING or _repeated(
        headers, names
    ):
        dropped = HOP_BY_HOP | (set(tokens(headers, b"connection")) - _NEVER_NAMED)
    message.headers = [pair for pair in headers if pair[0].lower() not in dropped]


def _repeated(headers: Headers, names: dict[bytes, bytes]) -> bool:
    return len(headers) != len(names) and len(get_all(headers, b"connection")) > 1


_NAMES_NOTHING = frozenset((b"close", b"keep-alive"))
_NEVER_NAMED = frozenset((b"host", b"content-length"))
