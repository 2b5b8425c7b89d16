"""Opening backend connections, and the figures all endpoints of one client share.

Source: telemetry-admin spec, section 2.4; dataplane spec, sections 2.8 and 3.1.
"""

import math
from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from linkerpy.core.closable import NOTHING, Closable
from linkerpy.core.errors import BindingTimeout, ConnectionFailed, RouterError
from linkerpy.core.reply import Reply
from linkerpy.naming.addr import Address
from linkerpy.net.connect import connect
from linkerpy.net.errors import ConnectFailed
from linkerpy.net.tls_handshake import CLIENT_PATIENCE
from linkerpy.policy.pool import Pool, PoolLimits
from linkerpy.protocol.http.wire import WireSettings
from linkerpy.router.env import Env
from linkerpy.telemetry.metrics import Metrics


class Pooled(Protocol):
    """An endpoint, as far as dialing is concerned."""

    pool: Pool[Any, Any]


class _Probe(TwistedProtocol):
    """A connection that only shows that there can be one."""

    transport: Any

    def __init__(self, dialer: "Dialer") -> None:
        self._dialer = dialer

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802 - Twisted's
        """Closed again."""
        self._dialer.closed()


class Dialer:
    """Connects the endpoints of one client."""

    def __init__(self, metrics: Metrics, wire: WireSettings, env: Env) -> None:
        self.wire = wire
        self.limits: PoolLimits = wire.pool
        self.clock = env.clock
        self.endpoints: set[Pooled] = set()
        self._env = env
        self._open = 0
        self.timers = env.timers
        self._patience = min(self.limits.idle_time, wire.idle_time)
        self.ages = self._patience != math.inf
        """Whether idle connections are ever closed for being so: if not, nobody need note when."""
        self._sweeping: Closable = NOTHING
        self._connects, self._closes = metrics.counter("connects"), metrics.counter("closes")
        self.sent, self.received = metrics.counter("sent_bytes"), metrics.counter("received_bytes")
        self._latency = metrics.stat("connect_latency_ms")
        self._failed_latency = metrics.stat("failed_connect_latency_ms")
        self._cancelled = metrics.counter("cancelled_connects")
        self.waited = metrics.counter("pool_num_waited")
        self.refused = metrics.counter("pool_num_too_many_waiters")
        self._idled, self.outlived = metrics.counter("idle"), metrics.counter("lifetime")
        self._tls = None if wire.tls is None else wire.tls.tls(metrics, env.clock)
        metrics.gauge("connections", read=lambda: self._open)
        metrics.gauge("pool_size", read=lambda: sum(e.pool.size for e in self.endpoints))
        metrics.gauge("pool_cached", read=lambda: sum(e.pool.idle for e in self.endpoints))
        metrics.gauge("pool_waiters", read=lambda: sum(len(e.pool.waiters) for e in self.endpoints))

    def dial(self, address: Address, protocol: Callable[[], Any], acquire_by: float) -> Reply[Any]:
        """A new connection's protocol, or why there is none.

        Gives up after the connect timeout, or at `acquire_by` (clock seconds) if that is sooner,
        with a BindingTimeout that the router explains.
        """
        started = self.clock.seconds()
        reply: Reply[Any] = Reply()

        def connected(made: Any) -> None:
            self._open += 1
            self._connects.value += 1
            self._latency.add((self.clock.seconds() - started) * 1000)
            reply.resolve(made)

        def failed(error: ConnectFailed) -> None:
            self._failed_latency.add((self.clock.seconds() - started) * 1000)
            reply.fail(self._explain(address, error, acquire_by))

        left = max(acquire_by - started, 0.001)
        attempt = connect(
            self._env.reactor,
            address.ip,
            address.port,
            protocol,
            min(self.wire.connect_timeout, left),
            self.wire.socket_options,
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
        probe: _Probe = await self.dial(address, lambda: _Probe(self), math.inf)
        probe.transport.loseConnection()

    def _explain(self, address: Address, error: ConnectFailed, acquire_by: float) -> RouterError:
        if self.clock.seconds() >= acquire_by:
            return BindingTimeout()
        where = address.show()
        return ConnectionFailed(f"Unable to establish connection to {where}.", cause=error.reason)

    def limit(self, waiter: Reply[Any], acquire_by: float) -> Closable:
        """Let `waiter` fail with BindingTimeout at `acquire_by` unless the handle is closed."""
        left = acquire_by - self.clock.seconds()
        return self._after(left, lambda: waiter.cancel(BindingTimeout()))

    def _after(self, delay: float, call: Callable[[], None]) -> Closable:
        # To the next tenth: the wheel keeps a queue for each length of timeout.
        return self.timers.after(max(math.ceil(delay * 10), 1) / 10, call)

    def closed(self) -> None:
        """A connection has closed."""
        self._open -= 1
        self._closes.value += 1

    def expect_idle(self) -> None:
        """A connection has become idle: look again when it may have been so for too long."""
        if self._sweeping is NOTHING:
            self._sweeping = self._after(self._patience, self._sweep)

    def _sweep(self) -> None:
        self._sweeping = NOTHING
        now = self.clock.seconds()
        longest = self.wire.idle_time
        for pool in [endpoint.pool for endpoint in self.endpoints]:
            for connection in pool.unused(now - longest):
                self._idled.value += 1
                connection.retire()
            for connection in pool.expired(now):
                connection.retire()
        pools = [endpoint.pool for endpoint in self.endpoints if endpoint.pool.idle]
        if pools:
            soonest = min(pool.next_expiry(longest) for pool in pools)
            self._sweeping = self._after(min(soonest - now, self._patience), self._sweep)
