"""HttpEndpoint: one replica of a client, and its pool of HTTP/1 connections.

Source: dataplane spec, sections 2.3 and 3.6.
"""

from typing import Any

from linkerpy.codec.http import Request, Response
from linkerpy.core.errors import BadRequest, ConnectionFailed, NotDelivered, TooManyWaiters
from linkerpy.core.reply import Reply
from linkerpy.naming.addr import Address
from linkerpy.policy.accrual import ALIVE, Accrual
from linkerpy.policy.balance import BUSY, CLOSED, OPEN
from linkerpy.policy.pool import Advice, Pool
from linkerpy.policy.verdict import SUCCESS
from linkerpy.protocol.http.client1 import ClientConnection
from linkerpy.protocol.http.dialing import Dialer
from linkerpy.router.health import Health


class HttpEndpoint:
    """One replica, spoken to in HTTP/1."""

    __slots__ = ("_accrual", "_dialer", "_fail_fast", "_gone", "address", "load", "pool")

    def __init__(self, address: Address, dialer: Dialer, health: Health) -> None:
        self.address = address
        self.load = 0
        self.pool: Pool[ClientConnection, Reply[ClientConnection | None]] = Pool(dialer.limits)
        self._dialer = dialer
        self._gone = False
        self._accrual = health.accrual(address)
        self._fail_fast = health.fail_fast(lambda: dialer.probe(address))
        dialer.endpoints.add(self)

    def __repr__(self) -> str:
        return f"<HttpEndpoint {self.address.show()} load {self.load} {self.pool!r}>"

    @property
    def status(self) -> int:
        """CLOSED once the address is gone; BUSY while accrual or failFast keep it out."""
        if self._gone:
            return CLOSED
        if self._fail_fast is not None and self._fail_fast.down:
            return BUSY
        accrual = self._accrual
        return OPEN if accrual is None or accrual.state == ALIVE else accrual.status

    @property
    def weight(self) -> float:
        """The address's weight."""
        return self.address.weight

    async def send(self, request: Request) -> Response:
        """Lend a connection to the request; see `Endpoint`.

        Raises:
            ConnectionFailed, BindingTimeout, TooManyWaiters: it never left.
            BackendError: it left, and no response came.
        """
        accrual = self._accrual
        if accrual is not None and accrual.state != ALIVE:
            accrual.acquired()
        self.load += 1
        connection: Any = None
        try:
            connection = self.pool.lend()
            if connection.__class__ is not ClientConnection:
                connection = await self._obtain(connection, request.ctx)
            response: Response = await connection.exchange(request)
        except BaseException as error:
            self.load -= 1
            if accrual is not None:
                if connection.__class__ is ClientConnection:
                    _judge(accrual, request, None, error)
                else:
                    accrual.failed()
            raise
        if accrual is not None:
            if response.status < 500:
                if not accrual.spotless:
                    accrual.succeeded()
            else:
                _judge(accrual, request, response, None)
        if response.body.over:
            self.load -= 1
        else:
            response.body.on_end(self._one_less)
        return response

    def _one_less(self, _outcome: object) -> None:
        self.load -= 1

    async def _obtain(self, found: Any, ctx: Any) -> ClientConnection:
        """A connection that is not idle at hand: a new one, or one that others still use."""
        while found.__class__ is not ClientConnection:
            if found is Advice.CONNECT:
                found = await self._connect(ctx)
            elif found is Advice.REFUSE:
                self._dialer.refused.value += 1
                raise TooManyWaiters(
                    f"{len(self.pool.waiters)} requests wait for a connection to "
                    f"{self.address.show()} already (maxWaiters)"
                )
            else:
                self._dialer.waited.value += 1
                found = await self._queue(ctx.acquire_by) or self.pool.lend()
        if ctx.span is not None:
            ctx.span.dispatched()
        obtained: ClientConnection = found
        return obtained

    async def _queue(self, acquire_by: float) -> ClientConnection | None:
        """A connection given back, or None when there is room to open one."""
        waiter: Reply[ClientConnection | None] = Reply(lambda _: self.pool.waiters.remove(waiter))
        self.pool.waiters.append(waiter)
        timer = self._dialer.limit(waiter, acquire_by)
        try:
            return await waiter
        finally:
            timer.close()

    async def _connect(self, ctx: Any) -> ClientConnection:
        self.pool.size += 1
        try:
            made: ClientConnection = await self._dialer.dial(
                self.address, self._protocol, ctx.acquire_by
            )
        except BaseException as error:
            self.pool.size -= 1
            if self._fail_fast is not None and isinstance(error, ConnectionFailed):
                self._fail_fast.failed()
            self._make_room()
            raise
        if self._fail_fast is not None:
            self._fail_fast.connected()
        return made

    def _protocol(self) -> ClientConnection:
        return ClientConnection(self, self._dialer)

    def idle(self, connection: ClientConnection) -> None:
        """An exchange is over and the connection can carry another."""
        if self._gone and not self.pool.waiters:
            connection.close()
            return
        dialer = self._dialer
        waiter = self.pool.give_back(connection, dialer.clock.seconds() if dialer.ages else 0.0)
        if waiter is not None:
            waiter.resolve(connection)
        elif dialer.ages:
            dialer.expect_idle()

    def lost(self, connection: ClientConnection) -> None:
        """A connection has closed."""
        self.pool.lost(connection)
        self._make_room()

    def _make_room(self) -> None:
        """There is room for a connection again: let whoever waits longest open one."""
        if self.pool.waiters:
            self.pool.waiters.popleft().resolve(None)

    def close(self) -> None:
        """The address is gone: idle connections close now, the others after their exchange."""
        self._gone = True
        self._dialer.endpoints.discard(self)
        if self._fail_fast is not None:
            self._fail_fast.close()
        for connection in self.pool.take_idle():
            connection.close()


def _judge(
    accrual: Accrual, request: Request, response: Response | None, error: BaseException | None
) -> None:
    """Tell how an attempt ended that the service's classifier may see otherwise than we do.

    A request that was at fault itself, or that never arrived, says nothing about the endpoint; but
    a probe must have an outcome.
    """
    if isinstance(error, BadRequest | NotDelivered) and accrual.state == ALIVE:
        return
    classify = request.ctx.classify
    if classify is not None and classify(request, response, error) == SUCCESS:
        accrual.succeeded()
    else:
        accrual.failed()
