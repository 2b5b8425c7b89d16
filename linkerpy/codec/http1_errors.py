"""What can be wrong with an HTTP/1 message, and how to say so.

That a head is broken shows in a count of its lines; `diagnose` reads it again to name the line.
Used by the HTTP/1 parsers alone; it is not on the path of a good message.

Source: RFC 9112; statuses from dataplane spec, section 2.6.
"""

import re
from typing import NoReturn

from linkerpy.codec.fields import Headers

TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


class Http1Error(Exception):
    """The peer does not speak the HTTP/1 we accept; the connection cannot be used further.

    `reason` is written for a person. `status` is the answer a client should get; errors in what a
    backend sent carry 502.
    """

    status = 400

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        if status is not None:
            self.status = status


class BadStartLine(Http1Error):
    """The request line or status line does not follow the grammar."""


class UnsupportedVersion(BadStartLine):
    """Neither HTTP/1.0 nor HTTP/1.1."""

    status = 505


class LineTooLong(BadStartLine):
    """The first line is longer than `maxInitialLineKB` allows."""

    status = 414


class HeadersTooLarge(Http1Error):
    """The header or trailer fields are larger than `maxHeadersKB` allows."""

    status = 431


class BadHeaderName(Http1Error):
    """A field line without a proper name before its colon."""


class BadHeaderValue(Http1Error):
    """A field value with bytes, or a line end, that must not be there."""


class BadFraming(Http1Error):
    """It cannot be said for certain where the body ends; the ground for request smuggling."""


class UnsupportedCoding(BadFraming):
    """A transfer coding other than chunked."""

    status = 501


class BadChunk(BadFraming):
    """A chunk header, its extension or its end does not follow the grammar."""


class Truncated(BadFraming):
    """The connection ended within the message."""


def quoted(data: bytes, limit: int = 60) -> str:
    """Bytes from the wire, made fit for a message: one line, printable, of bounded length."""
    text = repr(data[:limit])[2:-1]
    return f"`{text}…`" if len(data) > limit else f"`{text}`"


def has_bare_line_end(data: bytes, start: int = 0) -> bool:
    """Whether a LF without CR, or a CR without LF, stands in `data`; a last CR may yet get one."""
    pairs = data.count(b"\r\n", start)
    stop = len(data) - 1 if data.endswith(b"\r") else len(data)
    return data.count(b"\n", start) != pairs or data.count(b"\r", start, stop) != pairs


def diagnose(block: bytes) -> Headers:
    """Find what is wrong with broken field lines; `block` ends with the empty line behind them.

    Gives the fields if nothing is found, so that their framing can be judged.

    Raises: BadHeaderName or BadHeaderValue naming the field.
    """
    headers: Headers = []
    for line in block[:-4].split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if line[:1] in (b" ", b"\t"):
            _refuse_fold(headers)
        if not colon:
            raise BadHeaderName(f"header line without a colon: {quoted(line)}")
        if not TOKEN.fullmatch(name):
            _refuse_name(name)
        if bad := _CONTROL.search(value):
            _refuse_value(name, bad.group())
        headers.append((name, value.strip(b" \t")))
    return headers


def _refuse_fold(before: Headers) -> NoReturn:
    if not before:
        raise BadHeaderName("white space between the first line and the headers")
    raise BadHeaderValue(f"header {quoted(before[-1][0])} is folded over several lines")


def _refuse_name(name: bytes) -> NoReturn:
    if TOKEN.fullmatch(name.rstrip(b" \t")):
        raise BadHeaderName(f"white space before the colon of header {quoted(name)}")
    if not name:
        raise BadHeaderName("header without a name")
    raise BadHeaderName(f"header name {quoted(name)} has characters that are not allowed")


def _refuse_value(name: bytes, byte: bytes) -> NoReturn:
    what = {b"\r": "a CR without LF", b"\n": "a LF without CR"}.get(
        byte, f"the control byte 0x{byte[0]:02x}"
    )
    raise BadHeaderValue(f"header {quoted(name)} holds {what}")
