"""Records: by OpenSSL, what received bytes mean, and what is to be sent for plaintext.

For `linkerpy.net.tls`. `Documented` asks pyOpenSSL by its public methods. `Straight` makes the same
calls of OpenSSL through the handles that pyOpenSSL has: without a buffer for each call, and without
a look for errors after those that succeeded. Both keep the same promises; `records` is the straight
one, unless this pyOpenSSL has no such handles.
"""

# mypy: disallow-untyped-calls=False
from typing import Any, Protocol

from OpenSSL import SSL

RECORD = 16384
"""Bytes of plaintext in the largest record."""

_ROOM = 1 << 19
"""Bytes; what is opened or sealed in one go is less."""


class Records(Protocol):
    """One connection's."""

    def __init__(self, tls: SSL.Connection) -> None: ...

    def take(self, data: bytes) -> None:
        """Bytes that were received."""

    def open(self, most: int) -> tuple[bytes, SSL.Error | None]:
        """The plaintext of up to `most` records, and why it was not as many."""

    def seal(self, data: bytes, room: int) -> bytes:
        """Up to `room` bytes to be sent for plaintext; if it is so many, there may be more.

        Raises: SSL.Error.
        """


class Documented:
    """As pyOpenSSL documents it."""

    __slots__ = ("_tls",)

    def __init__(self, tls: SSL.Connection) -> None:
        self._tls = tls

    def take(self, data: bytes) -> None:
        """See `Records`."""
        self._tls.bio_write(data)

    def open(self, most: int) -> tuple[bytes, SSL.Error | None]:
        """See `Records`."""
        pieces: list[bytes] = []
        try:
            for _ in range(most):
                pieces.append(self._tls.recv(RECORD))  # noqa: PERF401 - some may come before an error
        except SSL.Error as error:
            return b"".join(pieces), error
        return b"".join(pieces), None

    def seal(self, data: bytes, room: int) -> bytes:
        """See `Records`."""
        self._tls.send(data)
        return self._tls.bio_read(room)


class Straight:
    """As pyOpenSSL does it inside. The buffer is everybody's: nothing stays in it."""

    __slots__ = ("_from", "_into", "_ssl", "_tls")

    def __init__(self, tls: SSL.Connection) -> None:
        self._tls: Any = tls
        self._ssl, self._into, self._from = self._tls._ssl, self._tls._into_ssl, self._tls._from_ssl

    def take(self, data: bytes) -> None:
        """See `Records`."""
        _lib.BIO_write(self._into, data, len(data))

    def open(self, most: int) -> tuple[bytes, SSL.Error | None]:
        """See `Records`."""
        read, ssl = _lib.SSL_read, self._ssl
        size = read(ssl, _buffer, RECORD)
        if size <= 0:
            return b"", self._error(size)
        pieces: list[bytes] = []
        at = size
        error: SSL.Error | None = None
        for _ in range(most - 1):
            if at > _ROOM - RECORD:
                pieces.append(_ffi.buffer(_buffer, at)[:])
                at = 0
            size = read(ssl, _buffer + at, RECORD)
            if size <= 0:
                error = self._error(size)
                break
            at += size
        pieces.append(_ffi.buffer(_buffer, at)[:])
        return b"".join(pieces), error

    def seal(self, data: bytes, room: int) -> bytes:
        """See `Records`."""
        size = _lib.SSL_write(self._ssl, data, len(data))
        if size <= 0:
            raise self._error(size)
        sealed: bytes = _ffi.buffer(_buffer, _lib.BIO_read(self._from, _buffer, room))[:]
        return sealed

    def _error(self, result: int) -> SSL.Error:
        """What a call that gave this has to say; it is said once."""
        try:
            self._tls._raise_ssl_error(self._ssl, result)
        except SSL.Error as error:
            return error
        return SSL.Error()  # which never happened: it gives no reason


def _handles() -> tuple[Any, Any]:
    """Those of pyOpenSSL, if they are as they were when this was written.

    Raises: ImportError, AttributeError.
    """
    from OpenSSL._util import ffi, lib  # noqa: PLC0415 - what it is about

    for name in ("BIO_read", "BIO_write", "SSL_read", "SSL_write"):
        getattr(lib, name)
    for name in ("_ssl", "_into_ssl", "_from_ssl", "_raise_ssl_error"):
        getattr(SSL.Connection(SSL.Context(SSL.TLS_METHOD), None), name)
    return ffi, lib


records: type[Documented | Straight] = Documented
try:
    _ffi, _lib = _handles()
except (ImportError, AttributeError):
    pass
else:
    _buffer: Any = _ffi.new("char[]", _ROOM)
    records = Straight
