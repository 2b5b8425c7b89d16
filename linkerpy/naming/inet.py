"""Inet: the replicas behind a host and a port, resolved again and again while observed.

Local names and IP literals are known at once. Other hosts are resolved by the injected resolver,
one look-up at a time for each host however many ports and observers it has; nothing is kept of a
host that nobody observes.

An answer stays until there is another one: a look-up that *fails* leaves the last answer in place,
while a host that is found *not to exist* has no replicas.

Source: naming spec, sections 3.3, 4.3 and 9.
"""

from collections.abc import Callable, Sequence
from functools import partial
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final, Protocol

from linkerpy.core.clock import Clock
from linkerpy.core.closable import NOTHING, Closable, OnClose
from linkerpy.core.errors import BindingFailed
from linkerpy.core.var import Async, Derived, Order, Source, Var, map_var
from linkerpy.naming.addr import (
    ADDR_NEG,
    ADDR_PENDING,
    Addr,
    AddrBound,
    Address,
    AddrFailed,
    AddrNeg,
    AddrPending,
)

INTERVAL: Final = 5.0
"""Seconds from the start of one look-up of a host to the start of the next."""

MAX_FIXED: Final = 1000
"""Hosts whose first answer is kept for ever; the oldest is given up for a new one."""

LOOPBACK: Final = "127.0.0.1"

Hosts = AddrPending | AddrNeg | AddrFailed | frozenset[str]
"""What is known of a host: its IP addresses, or why there are none."""


class Resolver(Protocol):
    """Looks hosts up."""

    def resolve(
        self, host: str, on_result: Callable[[Sequence[str] | BaseException | None], None]
    ) -> Closable:
        """Look up `host`; closing the handle gives up.

        `on_result` is told once, perhaps at once: the host's IP addresses, None if there is no
        such host, or why the look-up failed.
        """


class Inet:
    """Internet names as observable addresses."""

    def __init__(self, resolver: Resolver, clock: Clock) -> None:
        self._resolver = resolver
        self._clock = clock
        self._hosts: dict[tuple[str, bool], Var[Hosts]] = {}
        self._fixed: dict[str, frozenset[str]] = {}

    def addr(self, host: str, port: int) -> Var[Addr]:
        """The replicas at `host`, looked up every `INTERVAL` seconds while observed."""
        return self._addr(host, port, fixed=False)

    def fixed(self, host: str, port: int) -> Var[Addr]:
        """The replicas at `host`, looked up until there are some, who then stay."""
        return self._addr(host, port, fixed=True)

    def _addr(self, host: str, port: int, *, fixed: bool) -> Var[Addr]:
        if not 0 <= port <= 65535:
            return failed(f"port out of range: {port}")
        known = literal(host)
        if known is not None:
            return Source[Addr](_with_port(port, frozenset([known])))

        # The host's own Var is sought when somebody observes: there is one only as long as that.
        def observe(observer: Callable[[Hosts], None], order: Order) -> Closable:
            return self._host(host, fixed).observe(observer, order)

        return map_var(Derived(observe), partial(_with_port, port))

    def _host(self, host: str, fixed: bool) -> Var[Hosts]:
        if fixed and host in self._fixed:
            return Source[Hosts](self._fixed[host])
        key = (host, fixed)
        if key not in self._hosts:
            self._hosts[key] = Async[Hosts](ADDR_PENDING, partial(self._open, key))
        return self._hosts[key]

    def _open(self, key: tuple[str, bool], update: Callable[[Hosts], None]) -> Closable:
        host, fixed = key
        watch = _Watch(host, self._resolver, self._clock)

        def found(answer: Hosts) -> None:
            if fixed and isinstance(answer, frozenset):
                watch.stop()
                self._keep(host, answer)
            update(answer)

        def close() -> None:
            del self._hosts[key]
            watch.stop()

        watch.start(found)
        return OnClose(close)

    def _keep(self, host: str, answer: frozenset[str]) -> None:
        if len(self._fixed) >= MAX_FIXED:
            del self._fixed[next(iter(self._fixed))]
        self._fixed[host] = answer


class _Watch:
    """The look-ups of one host, one after the other."""

    def __init__(self, host: str, resolver: Resolver, clock: Clock) -> None:
        self._host = host
        self._resolver = resolver
        self._clock = clock
        self._update: Callable[[Hosts], None] | None = None
        self._answered = False
        self._asked_at = 0.0
        self._asking: Closable = NOTHING
        self._timer: Any = None

    def start(self, update: Callable[[Hosts], None]) -> None:
        """Look the host up now and from then on."""
        self._update = update
        self._ask()

    def stop(self) -> None:
        """Look the host up no more."""
        self._update = None
        self._asking.close()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ask(self) -> None:
        self._timer = None
        self._asked_at = self._clock.seconds()
        self._asking = self._resolver.resolve(self._host, self._answer)

    def _answer(self, result: Sequence[str] | BaseException | None) -> None:
        update = self._update
        if update is None:
            return
        wait = max(0.0, self._asked_at + INTERVAL - self._clock.seconds())
        self._timer = self._clock.callLater(wait, self._ask)
        if isinstance(result, BaseException):
            if not self._answered:
                update(AddrFailed(result))
            return
        self._answered = True
        update(frozenset(result) if result else ADDR_NEG)


def failed(reason: str) -> Var[Addr]:
    """An address that could not be found out and never will be."""
    return Source[Addr](AddrFailed(BindingFailed(reason)))


def literal(host: str) -> str | None:
    """The IP address that `host` spells: itself, in short form (`127.1`), or `localhost`."""
    if host.lower() in {"", "localhost"}:
        return LOOPBACK
    if ":" in host:
        inside = host[1:-1] if host.startswith("[") and host.endswith("]") else host
        try:
            return str(IPv6Address(inside))
        except ValueError:
            return None
    return _ipv4(host)


def _ipv4(host: str) -> str | None:
    """Decimal parts, of which the last fills all bytes that are left."""
    parts = host.split(".")
    if len(parts) > 4 or not all(p.isascii() and p.isdigit() and len(p) <= 10 for p in parts):
        return None
    *heads, last = [int(part) for part in parts]
    if any(head > 255 for head in heads) or last >= 256 ** (4 - len(heads)):
        return None
    value = sum(head << 8 * (3 - i) for i, head in enumerate(heads)) + last
    return str(IPv4Address(value))


def _with_port(port: int, hosts: Hosts) -> Addr:
    if isinstance(hosts, frozenset):
        return AddrBound(frozenset(Address(ip, port) for ip in hosts))
    return hosts
