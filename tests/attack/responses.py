"""Answers of a broken or hostile backend, and what the client must see of them."""

from dataclasses import dataclass
from enum import Enum, auto


class Then(Enum):
    """What the backend does after it has sent."""

    STAYS = auto()
    CLOSES = auto()
    RESETS = auto()


@dataclass(frozen=True, slots=True)
class Reply:
    """Bytes of a backend, and their one permitted outcome."""

    name: str
    sent: bytes
    seen: bytes | None
    """What the client receives, without the headers that the router adds; None for a 502 of the
    router's own."""
    then: Then
    method: str = "GET"
    broken: bool = False
    """Whether the client's connection is reset, so that what it has cannot look whole."""
    reused: bool = False
    """Whether the backend's connection may carry another request."""
    late: bytes = b""
    """What the backend sends later, in a read of its own."""


OK = b"HTTP/1.1 200 OK\r\n"
CL2 = b"Content-Length: 2\r\n"
TE = b"Transfer-Encoding: chunked\r\n"
WHOLE = OK + CL2 + b"\r\nok"
CHUNKED = OK + TE + b"\r\n"
CHUNKS = CHUNKED + b"2\r\nok\r\n0\r\n\r\n"
EVIL = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
"""The response that an attack tries to slip in for another request."""


def kept(name, sent, seen=None, **options):
    """Passes, and the connection is as good as before."""
    return Reply(name, sent, sent if seen is None else seen, Then.STAYS, reused=True, **options)


def last(name, sent, seen=None, then=Then.STAYS, **options):
    """Passes, but the connection is not trusted with, or not good for, another request."""
    return Reply(name, sent, sent if seen is None else seen, then, **options)


def refused(name, sent, then=Then.STAYS, **options):
    """A 502, and the end of the backend's connection."""
    return Reply(name, sent, None, then, **options)


def broken(name, sent, seen, then=Then.STAYS, **options):
    """Breaks off where the client has part of it."""
    return Reply(name, sent, seen, then, broken=True, **options)


GOOD = [
    kept("a length", WHOLE),
    kept("chunks", CHUNKED + b"1\r\no\r\n1;x\r\nk\r\n0\r\n\r\n", CHUNKS),
    kept("an empty reason", b"HTTP/1.1 200 \r\n" + CL2 + b"\r\nok"),
    kept("no reason", b"HTTP/1.1 200\r\n" + CL2 + b"\r\nok",
         b"HTTP/1.1 200 \r\n" + CL2 + b"\r\nok"),
    kept("a reason with a tab and high bytes", b"HTTP/1.1 200 \xe9\ta b\r\n" + CL2 + b"\r\nok"),
    kept("an unknown status", b"HTTP/1.1 999 Odd\r\n" + CL2 + b"\r\nok"),
    kept("repeated fields", OK + b"Set-Cookie: a=b\r\nSet-Cookie: c=d\r\n" + CL2 + b"\r\nok"),
    kept("hop-by-hop fields", OK + b"Connection: x, y\r\nX: a\r\nY: b\r\nUpgrade: h2c\r\n"
         b"Keep-Alive: c\r\n" + CL2 + b"\r\nok", OK + b"Keep-Alive: c\r\n" + CL2 + b"\r\nok"),
    kept("a length named in Connection", OK + b"Connection: content-length\r\n" + CL2 + b"\r\nok",
         WHOLE),
    last("Connection: close", OK + b"Connection: close\r\n" + CL2 + b"\r\nok", WHOLE),
    last("an end by closing", OK + b"\r\nok", CHUNKS, Then.CLOSES),
    last("an end by closing, and no byte", OK + b"\r\n", CHUNKED + b"0\r\n\r\n", Then.CLOSES),
    last("coding identity", OK + b"Transfer-Encoding: identity\r\n\r\nok", CHUNKS, Then.CLOSES),
    kept("coding identity and a length", OK + b"Transfer-Encoding: identity\r\n" + CL2 + b"\r\nok",
         WHOLE),
    kept("204", b"HTTP/1.1 204 No Content\r\n\r\n"),
    kept("204 with a length", b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
         b"HTTP/1.1 204 No Content\r\n\r\n"),
    kept("304 with a length", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"),
    kept("HEAD with a length", OK + b"Content-Length: 9\r\n\r\n", method="HEAD"),
    kept("HEAD with chunks", OK + TE + b"\r\n", OK + b"\r\n", method="HEAD"),
    kept("HEAD with nothing", OK + b"\r\n", method="HEAD"),
    kept("an interim response", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + WHOLE, WHOLE),
    kept("a flood of interim responses", b"HTTP/1.1 100 Continue\r\n\r\n" * 5000 + WHOLE, WHOLE),
    kept("an honest trailer", CHUNKS[:-2] + b"X-Sum: 9\r\n\r\n"),
    kept("a forged trailer", CHUNKS[:-2] + b"Content-Length: 9\r\nSet-Cookie: a=b\r\n\r\n", CHUNKS),
]  # fmt: skip

CONTRADICTIONS = [
    last("a length and chunks", OK + CL2 + TE + b"\r\n3\r\nabc\r\n0\r\n\r\n",
         CHUNKED + b"3\r\nabc\r\n0\r\n\r\n"),
    last("chunks and a length", OK + TE + CL2 + b"\r\n3\r\nabc\r\n0\r\n\r\n",
         CHUNKED + b"3\r\nabc\r\n0\r\n\r\n"),
    last("a length and chunks, another response in the length", OK + b"Content-Length: 5\r\n" + TE
         + b"\r\n0\r\n\r\n" + EVIL, CHUNKED + b"0\r\n\r\n"),
    kept("two equal lengths", OK + CL2 + CL2 + b"\r\nok", WHOLE),
    kept("two equal lengths in one line", OK + b"Content-Length: 2, 2\r\n\r\nok", WHOLE),
    refused("two differing lengths", OK + CL2 + b"Content-Length: 40\r\n\r\nok" + EVIL),
    refused("two differing lengths in one line", OK + b"Content-Length: 2, 40\r\n\r\nok" + EVIL),
    refused("two differing lengths for HEAD", OK + CL2 + b"Content-Length: 40\r\n\r\n",
            method="HEAD"),
    refused("two differing lengths in a 304", b"HTTP/1.1 304 x\r\nContent-Length: 2, 3\r\n\r\n"),
    kept("two differing lengths in a 204", b"HTTP/1.1 204 x\r\nContent-Length: 2, 3\r\n\r\n",
         b"HTTP/1.1 204 x\r\n\r\n"),
    kept("two differing lengths in a 204 for HEAD",
         b"HTTP/1.1 204 x\r\n" + CL2 + b"Content-Length: 40\r\n\r\n",
         b"HTTP/1.1 204 x\r\n\r\n", method="HEAD"),
    kept("two equal lengths for HEAD", OK + CL2 + CL2 + b"\r\n", OK + CL2 + b"\r\n",
         method="HEAD"),
    last("a length and chunks for HEAD", OK + CL2 + TE + b"\r\n", OK + b"\r\n", method="HEAD"),
    refused("a length that is none for HEAD", OK + b"Content-Length: 2x\r\n\r\n", method="HEAD"),
    refused("a length that is none", OK + b"Content-Length: 2x\r\n\r\nok"),
    refused("a length with a sign", OK + b"Content-Length: +2\r\n\r\nok"),
    refused("a negative length", OK + b"Content-Length: -2\r\n\r\nok"),
    refused("an empty length", OK + b"Content-Length:\r\n\r\nok"),
    refused("a length beyond 64 bits", OK + b"Content-Length: 18446744073709551618\r\n\r\nok"),
    refused("an unknown coding", OK + b"Transfer-Encoding: gzip\r\n\r\nok"),
    refused("an unknown coding below chunks", OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n"),
    refused("chunks below an unknown coding", OK + b"Transfer-Encoding: chunked, x\r\n\r\n"),
    refused("chunks twice", OK + TE + TE + b"\r\n0\r\n\r\n"),
    refused("chunks in HTTP/1.0", b"HTTP/1.0 200 OK\r\n" + TE + b"\r\n0\r\n\r\n"),
    last("a body behind 204", b"HTTP/1.1 204 x\r\n" + CL2 + b"\r\nok", b"HTTP/1.1 204 x\r\n\r\n"),
    last("chunks behind 204", b"HTTP/1.1 204 x\r\n" + TE + b"\r\n0\r\n\r\n",
         b"HTTP/1.1 204 x\r\n\r\n"),
    last("a body behind 304", b"HTTP/1.1 304 x\r\n" + CL2 + b"\r\nok",
         b"HTTP/1.1 304 x\r\n" + CL2 + b"\r\n"),
    last("a body behind HEAD", WHOLE, OK + CL2 + b"\r\n", method="HEAD"),
    last("another response behind it", WHOLE + EVIL, WHOLE),
    last("another response behind it, later", WHOLE, WHOLE, late=EVIL),
    last("a byte behind it", WHOLE + b"!", WHOLE),
    last("a byte behind chunks", CHUNKS + b"\r\n", CHUNKS),
    last("another response behind it for HEAD", OK + b"Content-Length: 80\r\n\r\n" + EVIL,
         OK + b"Content-Length: 80\r\n\r\n", method="HEAD"),
    refused("a body behind an interim response",
            b"HTTP/1.1 100 Continue\r\nContent-Length: 2\r\n\r\nok" + WHOLE),
    refused("a switch of protocols that nobody asked for",
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
]  # fmt: skip

GARBAGE = [
    refused(name, sent)
    for name, sent in (
        ("noise", bytes(range(128, 256))),
        ("an empty line before it", b"\r\n" + WHOLE),
        ("HTML alone, as of HTTP/0.9", b"<html>hello</html>\r\n\r\n"),
        ("another protocol", b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
        ("a TLS alert", b"\x15\x03\x01\x00\x02\x02\x28\r\n\r\n"),
        ("HTTP/2 settings", b"\x00\x00\x00\x04\x00\x00\x00\x00\x00\r\n\r\n"),
        ("a request", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a status line before a bare LF", WHOLE.replace(b"OK\r\n", b"OK\n")),
        ("a head with bare LFs", WHOLE.replace(b"\r\n", b"\n") + b"\r\n\r\n"),
        ("a status of two digits", b"HTTP/1.1 20 OK\r\n\r\n"),
        ("a status of four digits", b"HTTP/1.1 2000 OK\r\n\r\n"),
        ("a status below 100", b"HTTP/1.1 099 OK\r\n\r\n"),
        ("a status with a sign", b"HTTP/1.1 +20 OK\r\n\r\n"),
        ("a status of words", b"HTTP/1.1 two OK\r\n\r\n"),
        ("no status", b"HTTP/1.1\r\n\r\n"),
        ("two spaces before the status", b"HTTP/1.1  200 OK\r\n\r\n"),
        ("a lower-case version", b"http/1.1 200 OK\r\n\r\n"),
        ("version 0.9", b"HTTP/0.9 200 OK\r\n\r\n"),
        ("version 2.0", b"HTTP/2.0 200 OK\r\n\r\n"),
        ("a reason with a NUL", b"HTTP/1.1 200 O\0K\r\n\r\n"),
        ("a reason with a bare CR", b"HTTP/1.1 200 O\rK\r\n\r\n"),
        ("a status line of 1 MB", b"HTTP/1.1 200 " + b"a" * (1 << 20)),
        ("a field with a bare CR", OK + b"A: b\rSet-Cookie: evil\r\n\r\n"),
        ("a field with a bare LF", OK + b"A: b\nSet-Cookie: evil\r\n\r\n"),
        ("a field with a NUL", OK + b"A: \0\r\n\r\n"),
        ("a folded field", OK + b"A: b\r\n c\r\n\r\n"),
        ("a field with a space before its colon", OK + b"Content-Length : 2\r\n\r\nok"),
        ("a field without a name", OK + b": b\r\n\r\n"),
        ("a field without a colon", OK + b"A\r\n\r\n"),
        ("fields beyond the limit", OK + b"A: " + b"b" * 9000 + b"\r\n\r\n"),
        ("20,000 fields", OK + b"A: b\r\n" * 20_000 + b"\r\n"),
        ("20,000 fields that never end", OK + b"A: b\r\n" * 20_000),
        ("a bad chunk size", CHUNKED + b"x\r\n"),
        ("a bad chunk size before a bare LF", CHUNKED + b"2\nok\r\n0\r\n\r\n"),
        ("a chunk longer than said", CHUNKED + b"2\r\nokay\r\n0\r\n\r\n"),
        ("a bad trailer", CHUNKED + b"0\r\nA : b\r\n\r\n"),
        ("trailers beyond the limit", CHUNKED + b"0\r\n" + b"A: b\r\n" * 3000),
    )
]

ENDS = [
    refused("a close before any byte", b"", Then.CLOSES),
    refused("a reset before any byte", b"", Then.RESETS),
    refused("a close within the status line", OK[:7], Then.CLOSES),
    refused("a close within the head", OK + b"A: b\r\n", Then.CLOSES),
    refused("a reset within the head", OK + b"A: b\r\n", Then.RESETS),
    refused("a close behind an interim response", b"HTTP/1.1 100 Continue\r\n\r\n", Then.CLOSES),
    broken("a close within a length", OK + b"Content-Length: 3\r\n\r\nok",
           OK + b"Content-Length: 3\r\n\r\nok", Then.CLOSES),
    broken("a reset within a length", OK + b"Content-Length: 3\r\n\r\nok",
           OK + b"Content-Length: 3\r\n\r\nok", Then.RESETS),
    broken("a close before a body's first byte", OK + CL2 + b"\r\n", OK + CL2 + b"\r\n",
           Then.CLOSES),
    broken("a close before a chunk", CHUNKED, CHUNKED, Then.CLOSES),
    broken("a close within a chunk size", CHUNKED + b"2", CHUNKED, Then.CLOSES),
    broken("a close within a chunk", CHUNKED + b"3\r\nok", CHUNKED + b"2\r\nok\r\n", Then.CLOSES),
    broken("a close behind a chunk", CHUNKED + b"2\r\nok\r\n", CHUNKED + b"2\r\nok\r\n",
           Then.CLOSES),
    broken("a close within the last chunk", CHUNKED + b"2\r\nok\r\n0\r\n",
           CHUNKED + b"2\r\nok\r\n", Then.CLOSES),
    broken("a close within trailers", CHUNKED + b"2\r\nok\r\n0\r\nA: b\r\n",
           CHUNKED + b"2\r\nok\r\n", Then.CLOSES),
    broken("a reset within chunks", CHUNKED + b"2\r\nok\r\n", CHUNKED + b"2\r\nok\r\n",
           Then.RESETS),
    broken("a reset within a body that closing would end", OK + b"\r\nok", CHUNKED + b"2\r\nok\r\n",
           Then.RESETS),
    broken("a bad chunk behind good ones", CHUNKED + b"2\r\nok\r\n", CHUNKED + b"2\r\nok\r\n",
           late=b"x\r\n"),
    broken("a bad trailer, later", CHUNKED + b"2\r\nok\r\n", CHUNKED + b"2\r\nok\r\n",
           late=b"0\r\nA : b\r\n\r\n"),
]  # fmt: skip

RESPONSES = GOOD + CONTRADICTIONS + GARBAGE + ENDS
