"""Connecting to the endpoints of one client.

Source: dataplane spec, section 8.3; telemetry-admin spec, sections 2.4 and 2.10.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from twisted.internet.protocol import Protocol

from linkerpy.codec.proxy_protocol import Endpoint as Origin
from linkerpy.core.closable import Closable
from linkerpy.core.errors import BindingTimeout, ConnectionFailed, RouterError
from linkerpy.core.reply import Reply
from linkerpy.naming.addr import Address
from linkerpy.net.connect import connect
from linkerpy.net.errors import ConnectFailed, ConnectRefused, ConnectTimeout
from linkerpy.net.options import SocketOptions
from linkerpy.net.tls_handshake import CLIENT_PATIENCE, Target
from linkerpy.protocol.tcp.session import Limits
from linkerpy.router.env import Env
from linkerpy.telemetry.metrics import Metrics

Greet = Callable[[Origin | None, Origin | None], bytes]
"""Makes what a connection begins with, of the two ends of the caller's."""

UNLIMITED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class DialSettings:
    """How one client's endpoints are connected to; times in seconds."""

    connect_timeout: float = 1.0
    idle_time: float = math.inf
    life_time: float = math.inf
    max_size: int = UNLIMITED
    """Connections to one endpoint at the same time."""
    max_waiters: int = UNLIMITED
    """Sessions that wait for one of them to close."""
    greet: Greet | None = None
    tls: Target | None = None
    socket_options: SocketOptions = field(default_factory=SocketOptions)


class BackendConnection(Protocol):
    """A new connection's protocol, until the session joins it to the caller's."""

    transport: Any


class Dialer:
    """Connects the endpoints of one client, and keeps the figures they share."""

    def __init__(self, metrics: Metrics, settings: DialSettings, env: Env) -> None:
        self.settings = settings
        self._env = env
        self._seconds = env.clock.seconds
        self._tls = None if settings.tls is None else settings.tls.tls(metrics, env.clock)
        self._latency = metrics.stat("connect_latency_ms")
        self._failed_latency = metrics.stat("failed_connect_latency_ms")
        self._cancelled = metrics.counter("cancelled_connects")
        self._failures = metrics.scope("connect_failures")
        self.waited = metrics.counter("pool_num_waited")
        self.refused = metrics.counter("pool_num_too_many_waiters")
        idled, outlived = metrics.counter("idle"), metrics.counter("lifetime")
        self.limits = Limits(settings.idle_time, settings.life_time, idled.incr, outlived.incr)

    def dial(self, address: Address, acquire_by: float) -> Reply[BackendConnection]:
        """A new connection's protocol, or why there is none.

        Gives up after the connect timeout, or at `acquire_by` (clock seconds) if that is sooner,
        with a BindingTimeout that the router explains.
        """
        started = self._seconds()
        reply: Reply[BackendConnection] = Reply()

        def connected(made: BackendConnection) -> None:
            self._latency.add((self._seconds() - started) * 1000)
            reply.resolve(made)

        def failed(error: ConnectFailed) -> None:
            self._failed_latency.add((self._seconds() - started) * 1000)
            self._failures.counter(_cause(error)).incr()
            reply.fail(self._explain(address, error, acquire_by))

        left = max(acquire_by - started, 0.001)
        attempt = connect(
            self._env.reactor,
            address.ip,
            address.port,
            BackendConnection,
            min(self.settings.connect_timeout, left),
            self.settings.socket_options,
            on_connected=connected,
            on_failed=failed,
            tls=self._tls,
            handshake_timeout=min(CLIENT_PATIENCE, left),
        )

        def cancel(_reason: BaseException) -> None:
            self._cancelled.value += 1
            attempt.cancel()

        reply.on_cancel = cancel
        return reply

    async def probe(self, address: Address) -> None:
        """Connect, and close the connection again.

        Raises: RouterError if that cannot be done.
        """
        probe = await self.dial(address, math.inf)
        probe.transport.loseConnection()

    def limit(self, waiter: Reply[None], acquire_by: float) -> Closable:
        """Let `waiter` fail with BindingTimeout at `acquire_by` unless the handle is closed."""
        left = acquire_by - self._seconds()
        # To the next tenth: the wheel keeps a queue for each length of timeout.
        delay = max(math.ceil(left * 10), 1) / 10 if left < math.inf else left
        return self._env.timers.after(delay, lambda: waiter.cancel(BindingTimeout()))

    def _explain(self, address: Address, error: ConnectFailed, acquire_by: float) -> RouterError:
        if self._seconds() >= acquire_by:
            return BindingTimeout()
        where = address.show()
        return ConnectionFailed(f"Unable to establish connection to {where}.", cause=error.reason)


def _cause(error: ConnectFailed) -> str:
    """What a failed connect counts as. Source: telemetry-admin spec, section 2.10."""
    if isinstance(error, ConnectTimeout):
        return "timeout"
    return "refused" if isinstance(error, ConnectRefused) else "other"
