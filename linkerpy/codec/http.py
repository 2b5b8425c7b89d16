"""HTTP messages as every layer sees them: Request, Response and their headers.

Both HTTP versions are decoded to these and encoded from these; filters read and change them. What
is not understood is forwarded as it came, in wire order and wire case. Names are looked up without
regard to case; the name asked for must already be lower case, so that no call pays for folding it.

A message holds its headers as shared `Fields` and lines `added` to them, for as long as nobody asks
for more than that; then as a list of its own. Adding a ready line is what filters on the hot path
do; the rest is for the rare cases.
"""

import re
from typing import Any, Self

from linkerpy.codec.body import EMPTY, Body
from linkerpy.codec.fields import Fields, Headers, end_to_end

HTTP_10 = b"1.0"
HTTP_11 = b"1.1"
HTTP_2 = b"2"

_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(rb"[^\x00-\x08\x0a-\x1f\x7f]*")


def header_line(name: bytes, value: bytes) -> bytes:
    """A line for `Message.add`.

    Raises: ValueError for what would read as something else than one header.
    """
    if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
        raise ValueError(f"not a header: {name!r}: {value!r}")
    return b"%b: %b\r\n" % (name, value)


class Message:
    """What requests and responses share."""

    __slots__ = ("_headers", "added", "body", "fields", "version")

    version: bytes
    body: Body
    added: bytes
    """Header lines behind the fields, each with its CRLF; see `header_line`."""
    fields: Fields | None
    _headers: Headers | None

    @property
    def headers(self) -> Headers:
        """The headers as a list that may be changed. Makes the message hold a list from now on."""
        headers = self._headers
        if headers is None:
            assert self.fields is not None
            headers = self._headers = list(self.fields.pairs)
            self.fields = None
        if self.added:
            headers += _pairs(self.added)
            self.added = b""
        return headers

    @headers.setter
    def headers(self, headers: Headers) -> None:
        self._headers = headers
        self.fields = None
        self.added = b""

    @property
    def names(self) -> dict[bytes, bytes]:
        """Lower-case names of the headers, each with its last value. Not to be changed.

        What was only added is not in it: names that are looked for are not the router's own.
        """
        if self.fields is not None:
            return self.fields.names
        return {name.lower(): value for name, value in self.headers}

    def add(self, line: bytes) -> None:
        """Append a header line made by `header_line`, or several."""
        self.added += line

    def get(self, name: bytes) -> bytes | None:
        """The first value of the lower-case `name`, or None."""
        fields = self.fields
        if fields is not None and not self._adds(name):
            value = fields.names.get(name)
            if value is None or not fields.repeated:
                return value
            return get(fields.pairs, name)
        return get(self.headers, name)

    def get_all(self, name: bytes) -> list[bytes]:
        """Every value of the lower-case `name`, in order."""
        if self.fields is not None and not self._adds(name):
            return get_all(self.fields.pairs, name) if name in self.fields.names else []
        return get_all(self.headers, name)

    def remove(self, name: bytes) -> bool:
        """Take every header of the lower-case `name` out; whether there was one."""
        return self._may_have(name) and remove(self.headers, name)

    def set(self, name: bytes, value: bytes) -> None:
        """Make `value` the only value of `name`, which is written as given.

        Raises: ValueError, as `header_line`.
        """
        line = header_line(name, value)
        if self._may_have(name.lower()):
            replace(self.headers, name, value)
        else:
            self.added += line

    def pass_on(self) -> None:
        """Drop the headers that concern only the connection the message came by."""
        if self.fields is not None:
            self.fields = self.fields.passing
        else:
            self.headers = end_to_end(self.headers, self.names)

    def _adds(self, name: bytes) -> bool:
        added = self.added
        return bool(added) and b"\n%b:" % name in b"\n" + added.lower()

    def _may_have(self, name: bytes) -> bool:
        return self.fields is None or name in self.fields.names or self._adds(name)

    def _copy_to(self, other: Self) -> Self:
        other.fields = self.fields
        other.added = self.added
        other._headers = None if self._headers is None else list(self._headers)
        return other


class Request(Message):
    """A request. `uri` is the request target as it stood on the wire.

    Of HTTP/2, that is `:path`, or `:authority` for CONNECT; elsewhere `:authority` is `Host`. Only
    HTTP/2 tells a `scheme`, and a `protocol` for an extended CONNECT (RFC 8441); otherwise None.
    """

    __slots__ = ("ctx", "method", "protocol", "scheme", "uri")

    def __init__(
        self,
        method: bytes,
        uri: bytes,
        headers: Headers | Fields,
        body: Body = EMPTY,
        version: bytes = HTTP_11,
        scheme: bytes | None = None,
        protocol: bytes | None = None,
    ) -> None:
        self.version = version
        self.body = body
        self.added = b""
        if headers.__class__ is Fields:
            self.fields, self._headers = headers, None
        else:
            assert isinstance(headers, list)
            self.fields, self._headers = None, headers
        self.method = method
        self.uri = uri
        self.scheme = scheme
        self.protocol = protocol
        self.ctx: Any = None
        """What the router knows about this request; never written to the wire."""

    def __repr__(self) -> str:
        return f"<Request {self.method!r} {self.uri!r} HTTP/{self.version.decode()}>"

    def copy(self) -> "Request":
        """The same request with headers of its own; body and context are shared."""
        other = Request(
            self.method, self.uri, [], self.body, self.version, self.scheme, self.protocol
        )
        other.ctx = self.ctx
        return self._copy_to(other)


class Response(Message):
    """A response. `reason` is carried as it came and may be empty."""

    __slots__ = ("reason", "status")

    def __init__(
        self,
        status: int,
        headers: Headers | Fields,
        body: Body = EMPTY,
        reason: bytes = b"",
        version: bytes = HTTP_11,
    ) -> None:
        self.version = version
        self.body = body
        self.added = b""
        if headers.__class__ is Fields:
            self.fields, self._headers = headers, None
        else:
            assert isinstance(headers, list)
            self.fields, self._headers = None, headers
        self.status = status
        self.reason = reason

    def __repr__(self) -> str:
        return f"<Response {self.status} HTTP/{self.version.decode()}>"


def _pairs(lines: bytes) -> Headers:
    found: Headers = []
    for line in lines[:-2].split(b"\r\n"):
        name, _, value = line.partition(b": ")
        found.append((name, value))
    return found


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
