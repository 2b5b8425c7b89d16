"""A TCP session, as the router sees one: a request for a connection, and the connection it gets.

An `Opening` is the request, one for each caller; a `Backend` is the response. Its `body` is over
when the session is, so that whatever serves it counts as busy until then.

Source: dataplane spec, section 8.4; telemetry-admin spec, section 2.10.
"""

import math
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from linkerpy.codec.proxy_protocol import Endpoint as Origin
from linkerpy.core.reply import Reply
from linkerpy.net.relay import Joined
from linkerpy.router.dst import Context

R = TypeVar("R")

Parse = Callable[[bytes], R | None]
"""Reads what a connection begins with: None if more is needed. Raises ValueError for bad bytes."""


class Caller(Protocol):
    """The connection that asks, as far as its stack is concerned."""

    @property
    def server_name(self) -> str | None:
        """The name it asked for, where TLS ends here."""

    @property
    def ends(self) -> tuple[Origin, Origin]:
        """Its two: the caller's own, and the one it connected to."""

    def peek(self, parse: Parse[R]) -> Reply[R]:
        """What `parse` makes of the first bytes, which stay where they are."""

    def skip(self, size: int) -> None:
        """Drop so many of them."""


class Passed(Protocol):
    """An endpoint that could not be connected to."""

    def forgive(self) -> None:
        """The session that met it has found another, or given up."""


class Opening:
    """A caller's wish for a connection to `ctx.dst`.

    `told_ends` are the connection's two ends as the caller's proxy tells them. `connect_by` is the
    moment (clock seconds) by which it must stand. `passed` are the endpoints that were tried in
    vain.
    """

    __slots__ = ("caller", "connect_by", "ctx", "passed", "told_ends")

    def __init__(self, caller: Caller, peer: str, connect_by: float) -> None:
        self.ctx = Context(peer)
        self.caller = caller
        self.connect_by = connect_by
        self.told_ends: tuple[Origin, Origin] | None = None
        self.passed: list[Passed] = []

    @property
    def ends(self) -> tuple[Origin, Origin]:
        """Who calls, and where: as it was told, or as it is."""
        return self.told_ends or self.caller.ends


Watcher = Callable[[BaseException | None], None]


class Ending:
    """The end of a session. `over` once it has come; whoever wants to know says so by `on_end`."""

    __slots__ = ("_watchers", "error", "over")

    def __init__(self) -> None:
        self.over = False
        self.error: BaseException | None = None
        self._watchers: list[Watcher] = []

    def on_end(self, watcher: Watcher) -> None:
        """Call `watcher` with the error, or None, once the session is over; at once if it is."""
        if self.over:
            watcher(self.error)
        else:
            self._watchers.append(watcher)

    def come(self, error: BaseException | None) -> None:
        """The session is over."""
        if self.over:
            return
        self.over, self.error = True, error
        watchers, self._watchers = self._watchers, []
        for watcher in watchers:
            watcher(error)


class Limits:
    """How long a session may be idle and last, in seconds, and who is told that it was too long."""

    __slots__ = ("idle_time", "idled", "life_time", "outlived")

    def __init__(
        self,
        idle_time: float = math.inf,
        life_time: float = math.inf,
        idled: Callable[[], None] = lambda: None,
        outlived: Callable[[], None] = lambda: None,
    ) -> None:
        self.idle_time = idle_time
        self.life_time = life_time
        self.idled = idled
        self.outlived = outlived


class Backend:
    """A connection to an endpoint, for one session. `greeting` is to be sent on it first."""

    __slots__ = ("body", "greeting", "limits", "relay", "transport")

    def __init__(self, transport: Any, limits: Limits, greeting: bytes = b"") -> None:
        self.transport = transport
        self.limits = limits
        self.greeting = greeting
        self.body = Ending()
        self.relay: Joined | None = None

    @property
    def sent(self) -> tuple[int, int]:
        """Bytes that came from the caller and from the endpoint so far."""
        return (0, 0) if self.relay is None else self.relay.sent
