"""ClientHello: the name and the protocols that a TLS client asks for, before anything is encrypted.

For routing by SNI: the caller keeps the bytes and passes them on untouched. Sans-io: it is given
all that has arrived so far, and says whether it needs more.

Source: RFC 8446, sections 4.1.2 and 5.1; RFC 6066, section 3; RFC 7301, section 3.1.
"""

import re
from dataclasses import dataclass

MOST = 32768
"""Bytes that a ClientHello may have, with the heads of its records."""

_HANDSHAKE, _CLIENT_HELLO = 22, 1
_LARGEST_RECORD = 16384
_SERVER_NAME, _ALPN = 0, 16

# What resolvers and certificates take for a host name, and underscores, which some use.
_HOST = re.compile(rb"[0-9a-z_](?:[0-9a-z_.-]{0,252}[0-9a-z_])?\.?")


class NotClientHello(ValueError):
    """The bytes are not the beginning of TLS, or of TLS that nobody would speak."""


@dataclass(frozen=True, slots=True)
class ClientHello:
    """`server_name` in lower case, None if there is no usable one; `alpn` in the client's order."""

    server_name: str | None
    alpn: tuple[bytes, ...]


def read_client_hello(data: bytes) -> ClientHello | None:
    """The ClientHello that `data` begins with; None if more is needed to know.

    Raises: NotClientHello.
    """
    message = _message(data)
    return None if message is None else _hello(_Reader(message))


def _message(data: bytes) -> bytes | None:
    """The body of the first handshake message, which may lie in several records."""
    if data and data[0] != _HANDSHAKE:
        raise NotClientHello("it does not begin with a TLS handshake")
    message = bytearray()
    start = 0
    while len(message) < 4 or len(message) < 4 + int.from_bytes(message[1:4]):
        head = data[start : start + 5]
        if len(head) > 1 and (head[0] != _HANDSHAKE or head[1] != 3):
            raise NotClientHello("it does not go on as a TLS handshake")
        if len(head) < 5:
            return None
        size = int.from_bytes(head[3:])
        if not 0 < size <= _LARGEST_RECORD:
            raise NotClientHello(f"a TLS record of {size} bytes")
        message += data[start + 5 : start + 5 + size]
        _check_message(message)
        start += 5 + size
        if len(data) < start and len(message) < 4 + int.from_bytes(message[1:4]):
            return None
        if start > MOST:
            raise NotClientHello(f"a ClientHello in more than {MOST} bytes")
    return bytes(message[4 : 4 + int.from_bytes(message[1:4])])


def _check_message(message: bytearray) -> None:
    if message and message[0] != _CLIENT_HELLO:
        raise NotClientHello("its first TLS message is no ClientHello")
    if len(message) >= 4 and int.from_bytes(message[1:4]) > MOST:
        raise NotClientHello(f"a ClientHello of more than {MOST} bytes")


class _Reader:
    """Takes vectors off the front of bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __bool__(self) -> bool:
        return bool(self._data)

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        if len(self._data) < size:
            raise NotClientHello("a malformed ClientHello")
        taken, self._data = self._data[:size], self._data[size:]
        return taken

    def vector(self, head: int) -> bytes:
        """The next vector, whose length stands before it in `head` bytes."""
        return self.take(int.from_bytes(self.take(head)))


def _hello(reader: _Reader) -> ClientHello:
    reader.take(2 + 32)  # version and random
    reader.vector(1)  # session id
    reader.vector(2)  # cipher suites
    reader.vector(1)  # compression methods
    name: str | None = None
    alpn: tuple[bytes, ...] = ()
    extensions = _Reader(reader.vector(2) if reader else b"")
    while extensions:
        kind, content = int.from_bytes(extensions.take(2)), extensions.vector(2)
        if kind == _SERVER_NAME:
            name = _server_name(content)
        elif kind == _ALPN:
            alpn = _protocols(content)
    return ClientHello(name, alpn)


def _server_name(content: bytes) -> str | None:
    names = _Reader(_Reader(content).vector(2))
    while names:
        kind, name = names.take(1), names.vector(2)
        if kind == b"\0":
            return host_name(name)
    return None


def host_name(name: bytes) -> str | None:
    """A name that was asked for, as we write it; None if it is no host name."""
    name = name.lower()
    return name.rstrip(b".").decode("ascii") if _HOST.fullmatch(name) else None


def _protocols(content: bytes) -> tuple[bytes, ...]:
    protocols = _Reader(_Reader(content).vector(2))
    found = []
    while protocols:
        found.append(protocols.vector(1))
    return tuple(found)
