"""TcpEndpoint: one replica of a client, to which each session has a connection of its own.

Source: dataplane spec, sections 3.6 and 8.3.
"""

import math
from collections import deque

from linkerpy.core.errors import Cancelled, ConnectionFailed, TooManyWaiters
from linkerpy.core.reply import Reply
from linkerpy.naming.addr import Address
from linkerpy.policy.accrual import ALIVE
from linkerpy.policy.balance import BUSY, CLOSED, OPEN
from linkerpy.protocol.tcp.client import BackendConnection, Dialer
from linkerpy.protocol.tcp.session import Backend, Opening
from linkerpy.router.health import Health


class TcpEndpoint:
    """One replica. Its load is its sessions, those that are being connected included."""

    __slots__ = (
        "_accrual",
        "_dialer",
        "_fail_fast",
        "_gone",
        "_passed_over",
        "_size",
        "_waiters",
        "address",
        "load",
    )

    def __init__(self, address: Address, dialer: Dialer, health: Health) -> None:
        self.address = address
        self.load = 0
        self._size = 0
        self._waiters: deque[Reply[None]] = deque()
        self._dialer = dialer
        self._gone = False
        self._passed_over = 0
        self._accrual = health.accrual(address)
        self._fail_fast = health.fail_fast(lambda: dialer.probe(address))

    def __repr__(self) -> str:
        return f"<TcpEndpoint {self.address.show()} load {self.load}>"

    @property
    def status(self) -> int:
        """CLOSED once the address is gone; BUSY while it is out of service.

        That it also is while a session looks for another because it could not connect here: having
        no load, it would be the first to be found.
        """
        if self._gone:
            return CLOSED
        if self._passed_over or (self._fail_fast is not None and self._fail_fast.down):
            return BUSY
        accrual = self._accrual
        return OPEN if accrual is None or accrual.state == ALIVE else accrual.status

    @property
    def weight(self) -> float:
        """The address's weight."""
        return self.address.weight

    async def send(self, request: Opening) -> Backend:
        """Connect for a session; see `Endpoint`.

        Raises: ConnectionFailed, BindingTimeout, TooManyWaiters.
        """
        self.load += 1
        try:
            if self._size >= self._dialer.settings.max_size:
                await self._room(request.ctx.acquire_by)
            backend = await self._connect(request)
        except BaseException:
            self.load -= 1
            raise
        backend.body.on_end(self._over)
        return backend

    async def _room(self, acquire_by: float) -> None:
        """Wait until another session ends."""
        if len(self._waiters) >= self._dialer.settings.max_waiters:
            self._dialer.refused.value += 1
            raise TooManyWaiters(
                f"{len(self._waiters)} sessions wait for a connection to "
                f"{self.address.show()} already (maxWaiters)"
            )
        self._dialer.waited.value += 1
        waiter: Reply[None] = Reply(lambda _: self._waiters.remove(waiter))
        self._waiters.append(waiter)
        timer = self._dialer.limit(waiter, acquire_by)
        try:
            await waiter
        finally:
            timer.close()

    async def _connect(self, request: Opening) -> Backend:
        try:
            made = await self._dial(request.ctx.acquire_by)
        except ConnectionFailed:
            self._passed_over += 1
            request.passed.append(self)
            raise
        return self._backend(made, request)

    async def _dial(self, acquire_by: float) -> BackendConnection:
        accrual, fail_fast = self._accrual, self._fail_fast
        if accrual is not None and accrual.state != ALIVE:
            accrual.acquired()
        self._size += 1
        try:
            made = await self._dialer.dial(self.address, acquire_by)
        except BaseException as error:
            self._one_less()
            refused = isinstance(error, ConnectionFailed)
            # A caller that left says nothing about the endpoint; but a probe must have an outcome.
            if accrual is not None and (accrual.state != ALIVE or not isinstance(error, Cancelled)):
                accrual.failed()
            if fail_fast is not None and refused:
                fail_fast.failed()
            raise
        if accrual is not None and not accrual.spotless:
            accrual.succeeded()
        if fail_fast is not None:
            fail_fast.connected()
        return made

    def _backend(self, made: BackendConnection, request: Opening) -> Backend:
        greet = self._dialer.settings.greet
        greeting = b"" if greet is None else greet(*request.ends)
        return Backend(made.transport, self._dialer.limits, greeting)

    def forgive(self) -> None:
        """See `Passed`."""
        self._passed_over -= 1

    # -- connections for no session yet -----------------------------------------------------------

    @property
    def has_room(self) -> bool:
        """Whether another connection may be opened."""
        return self._size < self._dialer.settings.max_size

    async def spare(self) -> BackendConnection:
        """Connect for a session that is yet to come; `give` or `discard` must follow.

        Raises: ConnectionFailed.
        """
        return await self._dial(math.inf)

    def give(self, spare: BackendConnection, request: Opening) -> Backend:
        """Let a session have it, as `send` would have."""
        self.load += 1
        request.ctx.endpoint = self.address
        backend = self._backend(spare, request)
        backend.body.on_end(self._over)
        return backend

    def discard(self, spare: BackendConnection) -> None:
        """Close it."""
        if spare.transport.connected:
            spare.transport.abortConnection()
        self._one_less()

    def _over(self, _error: object) -> None:
        self.load -= 1
        self._one_less()

    def _one_less(self) -> None:
        """There is room for a connection: let whoever waits longest open one."""
        self._size -= 1
        if self._waiters:
            self._waiters.popleft().resolve(None)

    def close(self) -> None:
        """The address is gone; its sessions go on."""
        self._gone = True
        if self._fail_fast is not None:
            self._fail_fast.close()
