"""Heads of HTTP/1 messages: finding them whole within the limits, and reading their lines.

A head is read only once it is all there, so how it was cut into reads cannot change its meaning.
While it is incomplete, what has come so far is refused as soon as it cannot become a good head.

Source: RFC 9112, sections 2 to 5; limits from dataplane spec, section 2.6.
"""

import re
from functools import lru_cache

from linkerpy.codec.fields import Fields, Headers
from linkerpy.codec.http1_errors import (
    BadHeaderValue,
    BadStartLine,
    HeadersTooLarge,
    Http1Error,
    LineTooLong,
    UnsupportedVersion,
    diagnose,
    has_bare_line_end,
    quoted,
)

REQUEST_LINE = re.compile(rb"(?!PRI )([A-Z][A-Z_-]{0,31}) ([\x21-\x7e]+) HTTP/1\.([01])\r\n")
_ABSOLUTE = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://[!-~]+")
_AUTHORITY = re.compile(rb"[^/?#@]+:[0-9]+")
STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9][0-9])(?: ([\t\x20-\x7e\x80-\xff]*))?\r\n")
_FIELD = re.compile(rb"(?m)^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[\t ]*([^\x00-\x08\x0a-\x1f\x7f]*)\r\n")
"""A field line; `^` also stands behind a bare LF, which is why lines are counted."""
_OTHER_VERSION = re.compile(rb"(?:\S+ \S+ )?HTTP/(\d+(?:\.\d+)?)(?: .*)?")
_COMMON_SIZE = 2048
_TLS_RECORD = b"\x16\x03"


class Limits:
    """Bytes: the longest first line, without its CRLF, and the largest block of field lines."""

    __slots__ = ("headers", "initial_line")

    def __init__(self, initial_line: int, headers: int) -> None:
        self.initial_line = initial_line
        self.headers = headers


def find_end(data: bytes, start: int, limits: Limits) -> int:
    """Where the head that begins at `start` ends, its empty line included, or -1 if not there yet.

    Raises: LineTooLong, HeadersTooLarge, BadStartLine: also for a head still incomplete.
    """
    line_end = data.find(b"\r\n", start)
    if line_end < 0:
        # The last byte may be the CR of the line end.
        if len(data) - start > limits.initial_line + 1:
            raise LineTooLong(f"first line longer than {limits.initial_line} bytes")
        _refuse_hopeless(data, start)
        return -1
    if line_end - start > limits.initial_line:
        raise LineTooLong(f"first line longer than {limits.initial_line} bytes")
    end = data.find(b"\r\n\r\n", line_end)
    if end < 0:
        # The last three bytes may begin the empty line, the first two of them ending a field.
        if len(data) - line_end - 3 > limits.headers:
            raise HeadersTooLarge(f"headers larger than {limits.headers} bytes")
        _refuse_hopeless(data, start)
        return -1
    if end - line_end > limits.headers:
        raise HeadersTooLarge(f"headers larger than {limits.headers} bytes")
    return end + 4


def _refuse_hopeless(data: bytes, start: int) -> None:
    if data.startswith(_TLS_RECORD, start):
        raise BadStartLine("the peer speaks TLS, this port speaks plain HTTP")
    if start < len(data) and not data[start : start + 1].isalpha():
        raise BadStartLine(f"not HTTP: the message begins with {quoted(data[start:], 16)}")
    if has_bare_line_end(data, start):
        raise BadStartLine("a line does not end in CRLF")


def fits(method: bytes, target: bytes) -> bool:
    """Whether a request target that is no path may stand behind this method.

    It is absolute, or the server as a whole for OPTIONS, or a host and port for CONNECT; for any
    other method the next hop might take such a thing for a path.

    Source: RFC 9112, 3.2.
    """
    if _ABSOLUTE.fullmatch(target):
        return True
    if method == b"CONNECT":
        return _AUTHORITY.fullmatch(target) is not None
    return method == b"OPTIONS" and target == b"*"


def refuse_start_line(line: bytes, *, request: bool) -> Http1Error:
    """Why a first line did not match its grammar."""
    what = "request line" if request else "status line"
    if request and line == b"PRI * HTTP/2.0":
        return UnsupportedVersion("HTTP/2 preface on a port that speaks HTTP/1")
    if (other := _OTHER_VERSION.fullmatch(line)) and other[1] not in (b"1.0", b"1.1"):
        return UnsupportedVersion(f"HTTP version {other[1].decode()} is not supported")
    return BadStartLine(f"bad {what}: {quoted(line)}")


def read_fields(block: bytes) -> Fields:
    """The fields of a whole head: `block` is its field lines and the empty line behind them.

    Blocks of common size are remembered, a few hundred of them: connections that are kept bring
    the same lines again and again.

    Raises: BadHeaderName or BadHeaderValue naming the field at fault.
    """
    return _remembered(block) if len(block) <= _COMMON_SIZE else Fields(read_lines(block))


def read_lines(block: bytes) -> Headers:
    """The field lines before an empty line.

    Every line must be a field, no line may end in anything but CRLF: what the expression passed
    over shows in the number of lines.

    Raises: BadHeaderName or BadHeaderValue naming the field at fault.
    """
    headers: Headers = _FIELD.findall(block)
    lines = block.count(b"\n")
    if len(headers) != lines - 1 or block.count(b"\r\n") != lines:
        diagnose(block)
        raise BadHeaderValue("a line of the head does not end in CRLF")
    if b" \r\n" in block or b"\t\r\n" in block:
        return [(name, value.rstrip(b" \t")) for name, value in headers]
    return headers


@lru_cache(maxsize=512)
def _remembered(block: bytes) -> Fields:
    return Fields(read_lines(block))
