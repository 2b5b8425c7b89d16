"""The IP addresses of this machine's interfaces that are up.

Read from Linux's tables; where there are none, what the machine's own name resolves to.
"""

import re
import socket
from ipaddress import IPv6Address
from pathlib import Path

IPV4_TABLE = Path("/proc/net/fib_trie")
IPV6_TABLE = Path("/proc/net/if_inet6")

_LOCAL = re.compile(r"\|-- ([0-9.]+)\n\s*/32 host LOCAL")
_LOOPBACKS = frozenset({"127.0.0.1", "::1"})


def local_addresses(ipv4: Path = IPV4_TABLE, ipv6: Path = IPV6_TABLE) -> frozenset[str]:
    """The addresses in canonical spelling, those of the loopback included."""
    try:
        found = set(_LOCAL.findall(ipv4.read_text("ascii")))
    except OSError:
        found = _by_name()
    try:
        rows = ipv6.read_text("ascii").splitlines()
    except OSError:  # IPv6 is switched off
        rows = []
    found |= {str(IPv6Address(bytes.fromhex(row.split()[0]))) for row in rows}
    return _LOOPBACKS | found


def _by_name() -> set[str]:
    try:
        answers = socket.getaddrinfo(socket.gethostname(), None)
    except OSError:
        return set()
    return {str(address[0]) for *_, address in answers}
