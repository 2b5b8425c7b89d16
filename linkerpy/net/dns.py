"""Addresses of host names, by the system's resolver.

`getaddrinfo` blocks, so it runs in the reactor's threads. Caching and asking again are the
namer's affair.

Source: naming spec, section 3.3.
"""

import re
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from linkerpy.core.closable import NOTHING, Closable, OnClose

# Look-ups that may wait for the DNS at the same time; further ones queue.
_MOST_LOOKUPS = 100

_V4_NUMBERS = re.compile(r"[0-9]+(\.[0-9]+){0,3}\Z")
_LEADING_ZERO = re.compile(r"(^|\.)0[0-9]")

# Linux lists every IPv6 address of every interface here; the fourth field is its scope.
_V6_INTERFACES = Path("/proc/net/if_inet6")
_LOOPBACK, _LINK_LOCAL = "10", "20"


@dataclass(frozen=True, slots=True)
class ResolveNotFound:
    """The name has no address."""

    host: str


@dataclass(frozen=True, slots=True)
class ResolveFailed:
    """The resolver could not tell."""

    host: str
    reason: str


Resolved = list[str] | ResolveNotFound | ResolveFailed
OnResult = Callable[[Resolved], None]


class Threads(Protocol):
    """What a Resolver needs of a reactor."""

    def callFromThread(self, call: Callable[..., Any], *args: Any) -> Any:
        """Call in the reactor's own thread."""

    def callInThread(self, call: Callable[..., Any], *args: Any) -> Any:
        """Call in one of its threads."""

    def suggestThreadPoolSize(self, size: int) -> None:
        """How many threads there may be."""


class Resolver:
    """Asks the system for addresses, at most 100 names at a time."""

    def __init__(self, reactor: Threads) -> None:
        self._reactor = reactor
        self._running = 0
        self._waiting: deque[_Lookup] = deque()

    def resolve(self, host: str, on_result: OnResult) -> Closable:
        """Tell `on_result` the addresses of `host`, once, unless the handle is closed before.

        IP literals, `localhost` and the empty host are answered before this returns.
        """
        known = literal(host)
        if known is not None:
            on_result(known)
            return NOTHING
        lookup = _Lookup(host, on_result)
        if self._running < _MOST_LOOKUPS:
            self._start(lookup)
        else:
            self._waiting.append(lookup)
        return OnClose(lookup.forget)

    def _start(self, lookup: "_Lookup") -> None:
        if self._running == 0:
            # A few names whose servers do not answer must not keep all others waiting. Threads
            # are only started as they are needed.
            self._reactor.suggestThreadPoolSize(_MOST_LOOKUPS)
        self._running += 1
        self._reactor.callInThread(self._run, lookup)

    def _run(self, lookup: "_Lookup") -> None:
        """In a thread: look up, and report to the reactor's."""
        self._reactor.callFromThread(self._done, lookup, look_up(lookup.host))

    def _done(self, lookup: "_Lookup", result: Resolved) -> None:
        self._running -= 1
        while self._waiting:
            following = self._waiting.popleft()
            if following.on_result is not None:
                self._start(following)
                break
        lookup.tell(result)


class _Lookup:
    """One question."""

    __slots__ = ("host", "on_result")

    def __init__(self, host: str, on_result: OnResult) -> None:
        self.host = host
        self.on_result: OnResult | None = on_result

    def forget(self) -> None:
        """Nobody wants the answer any more."""
        self.on_result = None

    def tell(self, result: Resolved) -> None:
        """Give the answer to who still wants it."""
        on_result, self.on_result = self.on_result, None
        if on_result is not None:
            on_result(result)


def literal(host: str) -> Resolved | None:
    """The answer that needs no DNS; None for a name.

    A number with a leading zero is refused: some resolvers read it as decimal, others as octal.
    """
    if host == "" or host.lower() == "localhost":
        return ["127.0.0.1"]
    if _V4_NUMBERS.match(host):
        if _LEADING_ZERO.search(host):
            return ResolveFailed(host, f"{host}: a number with a leading zero is ambiguous")
        try:
            return [socket.inet_ntoa(socket.inet_aton(host))]
        except OSError:
            return ResolveNotFound(host)
    if ":" not in host:
        return None
    try:
        socket.inet_pton(socket.AF_INET6, host.split("%", 1)[0])
    except (OSError, ValueError):
        return ResolveNotFound(host)
    return [host]


def look_up(host: str) -> Resolved:
    """Ask the system; blocks."""
    if "\0" in host:  # the system would only see what comes before it
        return ResolveNotFound(host)
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno in _NO_SUCH_NAME:
            return ResolveNotFound(host)
        return ResolveFailed(host, f"{host}: {error.strerror}")
    except UnicodeError:  # an empty label, or one too long for the DNS
        return ResolveNotFound(host)
    except OSError as error:
        return ResolveFailed(host, f"{host}: {error}")
    usable = [str(info[4][0]) for info in found if info[0] == socket.AF_INET]
    if len(usable) < len(found) and has_global_ipv6():
        usable = [str(info[4][0]) for info in found]
    return list(dict.fromkeys(usable)) or ResolveNotFound(host)


_NO_SUCH_NAME = {
    getattr(socket, name)
    for name in ("EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY")
    if hasattr(socket, name)
}


def has_global_ipv6() -> bool:
    """Whether some interface has an IPv6 address that is neither loopback nor link-local."""
    try:
        lines = _V6_INTERFACES.read_text("ascii").splitlines()
    except FileNotFoundError:
        return False
    return any(line.split()[3] not in (_LOOPBACK, _LINK_LOCAL) for line in lines)
