"""The filters of the TCP stacks.

Source: dataplane spec, section 8; HAProxy's `doc/proxy-protocol.txt`, section 2.
"""

import math
from collections.abc import Callable, Iterator

from linkerpy.codec.client_hello import ClientHello, NotClientHello, read_client_hello
from linkerpy.codec.proxy_protocol import read_proxy_header
from linkerpy.core.clock import TimerWheel
from linkerpy.core.errors import (
    BindingTimeout,
    ConnectionFailed,
    Overloaded,
    RequestTimeout,
    TooManyWaiters,
    UnknownDestination,
)
from linkerpy.core.reply import Reply
from linkerpy.core.service import Filter, Service
from linkerpy.naming.path import Path
from linkerpy.policy.backoff import exponential_jittered
from linkerpy.protocol.tcp.dst_name import DstName
from linkerpy.protocol.tcp.session import Backend, Opening, Parse, R
from linkerpy.router.dst import Dst
from linkerpy.router.env import Env
from linkerpy.router.routing import Router
from linkerpy.telemetry.metrics import Metrics

TcpService = Service[Opening, Backend]

MOST_CONNECTS = 25
"""Failed connections of one session that are followed by another at once."""

_MOST_REPEATS = 3  # of them to endpoints that have failed it before

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0


def at_most(limit: int | None, metrics: Metrics) -> Filter[Backend] | None:
    """Let `limit` sessions in at the same time; nobody waits. Raises: Overloaded for one more."""
    if limit is None:
        return None
    refused = metrics.counter("nacks")
    under_way = 0

    def over(_error: object) -> None:
        nonlocal under_way
        under_way -= 1

    async def limited(service: TcpService, request: Opening) -> Backend:
        nonlocal under_way
        if under_way >= limit:
            refused.value += 1
            raise Overloaded(limit)
        under_way += 1
        try:
            backend = await service(request)
        except BaseException:
            under_way -= 1
            raise
        backend.body.on_end(over)
        return backend

    return limited


def waiting_at_most(limit: int | None, metrics: Metrics) -> Filter[Backend] | None:
    """Let `limit` sessions wait for a connection. Raises: TooManyWaiters for one more."""
    if limit is None:
        return None
    refused = metrics.counter("too_many_waiters")
    waiting = 0

    async def limited(service: TcpService, request: Opening) -> Backend:
        nonlocal waiting
        if waiting >= limit:
            refused.value += 1
            raise TooManyWaiters(f"{limit} callers wait for a connection already (maxWaiters)")
        waiting += 1
        try:
            return await service(request)
        finally:
            waiting -= 1

    return limited


def accept_proxy_header(accepted: bool, limit: float, timers: TimerWheel) -> Filter[Backend] | None:
    """Take the two ends of the connection from the PROXY header that it must begin with.

    Raises: BadRequest for a caller that sends none within `limit` seconds.
    """
    if not accepted:
        return None

    async def accept(service: TcpService, request: Opening) -> Backend:
        header = await _in_time(request, read_proxy_header, limit, timers, "a PROXY header")
        request.caller.skip(header.size)
        if header.source is not None and header.destination is not None:
            request.told_ends = header.source, header.destination
            host, port = header.source
            request.ctx.peer = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return await service(request)

    return accept


async def _in_time(
    request: Opening, parse: Parse[R], limit: float, timers: TimerWheel, what: str
) -> R:
    reply: Reply[R] = request.caller.peek(parse)
    if not reply.pending:
        return await reply
    late = RequestTimeout(f"the caller sent no whole {what.split(maxsplit=1)[1]} in {limit:g} s")
    timer = timers.after(limit, lambda: reply.cancel(late))
    try:
        return await reply
    finally:
        timer.close()


def route(
    name: DstName, default: Path | None, router: Router, limit: float | None, timers: TimerWheel
) -> TcpService:
    """The bottom of a server's stack: finds out where a connection wants to go.

    If `name` holds `{sni}` it is read from the caller's ClientHello, for which there are `limit`
    seconds; where that is None, TLS has told. Who asks for no name goes to `default`.
    """
    if not name.wants_sni:
        dst = Dst(name.path)

        async def straight(request: Opening) -> Backend:
            request.ctx.dst = dst
            backend: Backend = await router.dispatch(request)
            return backend

        return straight

    def hello(data: bytes) -> ClientHello | None:
        try:
            return read_client_hello(data)
        except NotClientHello:
            return ClientHello(None, ())

    async def by_sni(request: Opening) -> Backend:
        if limit is None:
            asked = request.caller.server_name
        else:
            asked = (await _in_time(request, hello, limit, timers, "a ClientHello")).server_name
        if asked is not None:
            request.ctx.dst = Dst(name.fill(asked))
        elif default is not None:
            request.ctx.dst = Dst(default)
        else:
            raise UnknownDestination(
                "the caller asks for no TLS server name (SNI), and there is no defaultDstName"
            )
        backend: Backend = await router.dispatch(request)
        return backend

    return by_sni


def failover(metrics: Metrics, env: Env) -> Filter[Backend]:
    """Put a session to the balancer again when its endpoint cannot be connected to.

    Nothing has been sent then, so that nothing is repeated. If no endpoint can be connected to,
    a session that has a limit of its own (`connect_by`) is patient until then, or until its time
    for finding a connection is up: it tries again after a while.
    """
    requeues = metrics.counter("retries", "requeues")
    clock, timers = env.clock, env.timers

    async def connected(service: TcpService, request: Opening) -> Backend:
        pauses: Iterator[float] | None = None
        try:
            while True:
                try:
                    return await _connect(service, request, requeues.incr)
                except ConnectionFailed:
                    if request.connect_by == math.inf:
                        raise
                    pauses = pauses or exponential_jittered(
                        _FIRST_PAUSE, _LONGEST_PAUSE, env.random
                    )
                    pause = round(next(pauses) + _FIRST_PAUSE, 1)
                    left = min(request.connect_by, request.ctx.acquire_by) - clock.seconds()
                    if pause >= left:
                        raise
                    requeues.incr()
                _forgive(request)
                await _passed(pause, timers)
        finally:
            _forgive(request)

    return connected


async def _connect(service: TcpService, request: Opening, again: Callable[[], None]) -> Backend:
    """Try one endpoint after the other, while there are some that were not tried before."""
    tried: set[object] = set()
    repeats = 0
    failure: ConnectionFailed | None = None
    try:
        for _ in range(MOST_CONNECTS):
            if failure is not None:
                again()
            try:
                return await service(request)
            except ConnectionFailed as error:
                failure = error
            except BindingTimeout:  # no time is left; what went wrong until now says more
                if failure is None:
                    raise
                break
            repeats += request.ctx.endpoint in tried
            tried.add(request.ctx.endpoint)
            if repeats >= _MOST_REPEATS:
                break
        assert failure is not None  # there was at least one attempt
        raise failure
    finally:
        failure = None  # it knows this frame


def _forgive(request: Opening) -> None:
    passed, request.passed = request.passed, []
    for endpoint in passed:
        endpoint.forgive()


async def _passed(seconds: float, timers: TimerWheel) -> None:
    reply: Reply[None] = Reply()
    timer = timers.after(seconds, lambda: reply.resolve(None))
    try:
        await reply
    finally:
        timer.close()
