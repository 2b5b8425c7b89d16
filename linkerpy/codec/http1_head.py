"""Heads of HTTP/1 messages: finding them whole within the limits, and reading their lines.

A head is read only once it is all there, so how it was cut into reads cannot change its meaning.
While it is incomplete, what has come so far is refused as soon as it cannot become a good head.

Source: RFC 9112, sections 2 to 5; limits from dataplane spec, section 2.6.
"""

import re

import httptools

from linkerpy.codec.http import Headers
from linkerpy.codec.http1_errors import (
    BadStartLine,
    HeadersTooLarge,
    Http1Error,
    LineTooLong,
    UnknownMethod,
    UnsupportedVersion,
    diagnose,
    has_bare_line_end,
    quoted,
)

REQUEST_LINE = re.compile(rb"(?!PRI )([A-Z][A-Z_-]{0,31}) ([\x21-\x7e]+) HTTP/1\.([01])\r\n")
STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9][0-9])(?: ([\t\x20-\x7e\x80-\xff]*))?\r\n")
_OTHER_VERSION = re.compile(rb"(?:\S+ \S+ )?HTTP/(\d+(?:\.\d+)?)(?: .*)?")
_TLS_RECORD = b"\x16\x03"

LlhttpType = type[httptools.HttpRequestParser] | type[httptools.HttpResponseParser]


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


def refuse_start_line(line: bytes, *, request: bool) -> Http1Error:
    """Why a first line did not match its grammar."""
    what = "request line" if request else "status line"
    if request and line == b"PRI * HTTP/2.0":
        return UnsupportedVersion("HTTP/2 preface on a port that speaks HTTP/1")
    if (other := _OTHER_VERSION.fullmatch(line)) and other[1] not in (b"1.0", b"1.1"):
        return UnsupportedVersion(f"HTTP version {other[1].decode()} is not supported")
    return BadStartLine(f"bad {what}: {quoted(line)}")


class FieldReader:
    """Splits complete heads into their fields with llhttp.

    One llhttp parser serves message after message until one has a body: the body is cut elsewhere,
    so llhttp is left waiting for it and is replaced.
    """

    __slots__ = ("_clean", "_headers", "_llhttp", "_type")

    def __init__(self, llhttp: LlhttpType) -> None:
        self._type = llhttp
        self._clean = True
        self._headers: Headers = []
        self._llhttp = llhttp(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        """llhttp: one field."""
        self._headers.append((name, value))

    def on_message_complete(self) -> None:
        """llhttp: the head had no body, so the next head may follow."""
        self._clean = True

    def read(self, head: bytes) -> Headers:
        """The fields of a head that begins with its first line and ends with its empty line.

        Raises: Http1Error naming the field at fault; Unreadable when no single field is.
        """
        if not self._clean:
            self._llhttp = self._type(self)
        self._clean = False
        headers: Headers = []
        self._headers = headers
        try:
            self._llhttp.feed_data(head)
        except httptools.HttpParserUpgrade:
            # Upgrade and CONNECT are ordinary messages here; llhttp stopped behind the head.
            pass
        except httptools.HttpParserInvalidMethodError:
            method = head[: head.find(b" ")]
            raise UnknownMethod(f"method {quoted(method)} is not supported") from None
        except httptools.HttpParserInvalidURLError:
            raise BadStartLine(f"bad request target: {quoted(head.split(b' ', 2)[1])}") from None
        except httptools.HttpParserError as error:
            raise Unreadable(diagnose(head), str(error)) from None
        # llhttp and we must agree on what the lines are: one field for each but first and last.
        if len(headers) != head.count(b"\r\n") - 2:
            raise Unreadable(diagnose(head), "lines and headers do not match")
        if b" \r\n" in head or b"\t\r\n" in head:
            self._headers = headers = [(name, value.rstrip(b" \t")) for name, value in headers]
        return headers


class Unreadable(Http1Error):
    """llhttp refused fields that are well formed each by itself: their framing is at fault."""

    def __init__(self, headers: Headers, reason: str) -> None:
        super().__init__(f"bad headers: {reason}")
        self.headers = headers
