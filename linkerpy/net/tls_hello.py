"""ClientHello: the versions and cipher suites that a TLS client has offered.

For messages about handshakes that failed. It takes bytes as they came, and believes none of them.

Source: RFC 8446, sections 4.1.2, 4.2.1 and 5.1.
"""

from dataclasses import dataclass
from struct import error, unpack_from

_HANDSHAKE, _CLIENT_HELLO = 22, 1
_VERSIONS = 43

_NAMES = {0x300: "SSLv3", 0x301: "TLSv1", 0x302: "TLSv1.1", 0x303: "TLSv1.2", 0x304: "TLSv1.3"}


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What a client offers."""

    versions: tuple[str, ...]
    """Best first, as far as they have names."""
    ciphers: tuple[int, ...]


def parse_hello(data: bytes) -> ClientHello | None:
    """The ClientHello that the bytes of a connection begin with.

    None while it is not there as a whole, and for whatever is none.
    """
    try:
        message = _message(data)
        return None if message is None else _hello(message)
    except (error, IndexError):
        return None


def _message(data: bytes) -> bytes | None:
    """The first handshake message, put together from its records."""
    message = b""
    while data[:1] == bytes([_HANDSHAKE]):
        (size,) = unpack_from("!H", data, 3)
        message += data[5 : 5 + size]
        data = data[5 + size :]
        if len(message) >= 4:
            if message[0] != _CLIENT_HELLO:
                return None
            whole = 4 + int.from_bytes(message[1:4])
            if len(message) >= whole:
                return message[4:whole]
    return None


def _hello(body: bytes) -> ClientHello:
    (legacy,) = unpack_from("!H", body)
    at = 2 + 32
    at += 1 + body[at]  # the session's id
    (size,) = unpack_from("!H", body, at)
    ciphers = unpack_from(f"!{size // 2}H", body, at + 2)
    at += 2 + size
    at += 1 + body[at]  # compression methods
    extensions = _extensions(body[at + 2 :])
    offered = extensions.get(_VERSIONS)
    codes = [legacy] if offered is None else unpack_from(f"!{offered[0] // 2}H", offered, 1)
    return ClientHello(
        tuple(_NAMES[code] for code in sorted(codes, reverse=True) if code in _NAMES),
        tuple(ciphers),
    )


def _extensions(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(data):
        kind, size = unpack_from("!HH", data, at)
        found[kind] = data[at + 4 : at + 4 + size]
        at += 4 + size
    return found
