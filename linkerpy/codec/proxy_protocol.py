"""PROXY protocol: what one proxy tells the next about the connection behind it, versions 1 and 2.

Sans-io: the reader is given all that has arrived so far, and says whether it needs more.

Source: HAProxy's `doc/proxy-protocol.txt`, sections 2.1 and 2.2.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from struct import Struct

MOST = 16 + 2048
"""Bytes that a header may have, extensions included. Those are ignored."""

_LONGEST_V1 = 107
_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_HEAD = Struct("!12sBBH")
_FAMILIES = {0x11: Struct("!4s4sHH"), 0x21: Struct("!16s16sHH")}
_V1 = re.compile(rb"PROXY TCP([46]) ([0-9a-fA-F:.]+) ([0-9a-fA-F:.]+) (\d{1,5}) (\d{1,5})")

Endpoint = tuple[str, int]
"""An IP address in canonical spelling, and a port."""


class BadProxyHeader(ValueError):
    """The bytes are no PROXY header, or one that says nothing sensible."""


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """Where a connection came from and went to; None for one that has no story (a health check).

    `size` is the header's length in bytes.
    """

    source: Endpoint | None
    destination: Endpoint | None
    size: int


def read_proxy_header(data: bytes) -> ProxyHeader | None:
    """The header that `data` begins with; None if more is needed to know.

    Raises: BadProxyHeader.
    """
    if data.startswith(_SIGNATURE):
        return _read_v2(data)
    if data.startswith(b"PROXY "):
        return _read_v1(data)
    if _SIGNATURE.startswith(data[:12]) or b"PROXY ".startswith(data[:6]):
        return None
    raise BadProxyHeader("the connection does not begin with a PROXY header")


def _read_v1(data: bytes) -> ProxyHeader | None:
    end = data.find(b"\r\n", 0, _LONGEST_V1)
    if end < 0:
        if len(data) >= _LONGEST_V1:
            raise BadProxyHeader(f"no end of line in {_LONGEST_V1} bytes of PROXY header")
        return None
    line = data[:end]
    if line == b"PROXY UNKNOWN" or line.startswith(b"PROXY UNKNOWN "):
        return ProxyHeader(None, None, end + 2)
    found = _V1.fullmatch(line)
    if found is None:
        raise BadProxyHeader(f"not a PROXY header: {line!r}")
    source = _endpoint(found[2], found[4], int(found[1]), line)
    return ProxyHeader(source, _endpoint(found[3], found[5], int(found[1]), line), end + 2)


def _endpoint(host: bytes, port: bytes, version: int, line: bytes) -> Endpoint:
    try:
        address = ip_address(host.decode("ascii"))
    except ValueError:
        raise BadProxyHeader(f"not an IP address: {line!r}") from None
    if address.version != version or int(port) > 65535:
        raise BadProxyHeader(f"addresses and ports do not agree: {line!r}")
    return str(address), int(port)


def _read_v2(data: bytes) -> ProxyHeader | None:
    if len(data) < _HEAD.size:
        return None
    _, version_command, family, length = _HEAD.unpack_from(data)
    size = _HEAD.size + length
    if version_command not in {0x20, 0x21}:
        raise BadProxyHeader(f"unknown version and command {version_command:#x}")
    if size > MOST:
        raise BadProxyHeader(f"a PROXY header of {size} bytes; {MOST} are allowed")
    if len(data) < size:
        return None
    if version_command == 0x20 or family not in _FAMILIES:  # a proxy's own, or not TCP over IP
        return ProxyHeader(None, None, size)
    layout = _FAMILIES[family]
    if length < layout.size:
        raise BadProxyHeader(f"{length} bytes hold no two addresses")
    source, destination, source_port, destination_port = layout.unpack_from(data, _HEAD.size)
    return ProxyHeader(
        (str(ip_address(source)), source_port),
        (str(ip_address(destination)), destination_port),
        size,
    )


def make_v1(source: Endpoint | None, destination: Endpoint | None) -> bytes:
    """A header in text."""
    both = _both(source, destination)
    if both is None or source is None or destination is None:
        return b"PROXY UNKNOWN\r\n"
    line = f"PROXY TCP{both[0].version} {both[0]} {both[1]} {source[1]} {destination[1]}\r\n"
    return line.encode("ascii")


def make_v2(source: Endpoint | None, destination: Endpoint | None) -> bytes:
    """A header in binary."""
    both = _both(source, destination)
    if both is None or source is None or destination is None:
        return _HEAD.pack(_SIGNATURE, 0x20, 0, 0)
    family = 0x11 if both[0].version == 4 else 0x21
    layout = _FAMILIES[family]
    addresses = layout.pack(both[0].packed, both[1].packed, source[1], destination[1])
    return _HEAD.pack(_SIGNATURE, 0x21, family, len(addresses)) + addresses


_Ip = IPv4Address | IPv6Address


def _both(source: Endpoint | None, destination: Endpoint | None) -> tuple[_Ip, _Ip] | None:
    """Both addresses in one family, the larger if they differ; None if there are none."""
    if source is None or destination is None:
        return None
    first, second = ip_address(source[0]), ip_address(destination[0])
    if first.version != second.version:
        return _as_v6(first), _as_v6(second)
    return first, second


def _as_v6(address: _Ip) -> IPv6Address:
    return address if isinstance(address, IPv6Address) else IPv6Address(f"::ffff:{address}")
