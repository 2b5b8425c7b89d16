"""linkerd-tcp's files: the linkerd file that means the same, and what linkerd-tcp adds to it.

A name of such a file is bound by the namerd that its router polls, to an id below `/#`. The admin
port has linkerd-tcp's pages beside linkerpy's own.

Source: dataplane spec, section 8.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from linkerpy.admin.linkerd_tcp import linkerd_tcp_pages
from linkerpy.app.program import Program, ShutDown
from linkerpy.app.schema import Admin, Linker, LinkerTcp, to_json
from linkerpy.naming.path import Path
from linkerpy.naming.pattern import PathPattern
from linkerpy.plugins.accruals.consecutive_failures import ConsecutiveFailuresConfig
from linkerpy.plugins.backoffs import ConstantConfig
from linkerpy.plugins.interpreters.namerd import NamerdPollConfig
from linkerpy.protocol.tcp.config import (
    TcpClientEntry,
    TcpGlobalClient,
    TcpRouter,
    TcpServer,
    TcpStaticClient,
)
from linkerpy.protocol.tcp.dst_name import DstName
from linkerpy.protocol.tcp.linkerd_tcp import (
    FailFast,
    L5dTcpClientKeys,
    L5dTcpRouter,
    L5dTcpServer,
    L5dTcpStaticClient,
)
from linkerpy.router.config import BindingCache
from linkerpy.router.env import Env
from linkerpy.router.telemeter import Telemeter
from linkerpy.telemetry.prometheus_linkerd_tcp import LinkerdTcpFigures

PATIENCE_MS: Final = 10_000
"""How long a caller waits whose server has no `connectTimeoutMs`."""

_FOR_EVER: Final = 10 * 365 * 86_400
"""Seconds that a name is followed without traffic: a balancer of linkerd-tcp is never dropped."""

_EVERYTHING: Final = PathPattern.parse("/")

_PREFIX_LENGTH: Final = 3  # `/#`, the kind, the namespace


def linkerd_tcp(file: LinkerTcp, on_abort: Callable[[], None]) -> Program:
    """The program that a file asks for; see `program_of`."""
    extra = partial(_telemeter, file, on_abort)
    return Program(file, as_linker(file), lambda: _shown(file), extra)


def _telemeter(
    file: LinkerTcp, on_abort: Callable[[], None], env: Env, shut_down: ShutDown
) -> Telemeter:
    namespaces = {router.label: router.interpreter.namespace for router in file.routers}
    figures = LinkerdTcpFigures(
        env.metrics, namespaces, _name_of, env.clock, file.admin.metrics_interval_secs
    )

    def abort() -> None:
        on_abort()
        shut_down(0)

    pages = linkerd_tcp_pages(lambda: figures.text, lambda: shut_down(None), abort)
    return Telemeter(pages, run=lambda: figures)


def _name_of(bound_id: str) -> str:
    """The name that an id is for: what comes after the interpreter's prefix."""
    return Path.parse(bound_id).drop(_PREFIX_LENGTH).show()


def _shown(file: LinkerTcp) -> dict[str, Any]:
    """The file as `/config.json` shows it: with the protocol, which linkerpy's pages ask for."""
    shown = to_json(file)
    return shown | {"routers": [{"protocol": "tcp", **router} for router in shown["routers"]]}


# -- the linkerd file -----------------------------------------------------------------------------


def as_linker(file: LinkerTcp) -> Linker:
    """The linkerd file that means the same."""
    admin = Admin(
        ip=file.admin.ip, port=file.admin.port, shutdown_grace_ms=file.admin.grace_secs * 1000
    )
    return Linker(routers=tuple([_router(router) for router in file.routers]), admin=admin)


def _router(router: L5dTcpRouter) -> TcpRouter:
    asked = router.interpreter
    interpreter = NamerdPollConfig(
        kind=NamerdPollConfig.KIND,
        base_url=asked.base_url,
        namespace=asked.namespace,
        period_secs=asked.period_secs,
    )
    limits = [server.connect_timeout_ms or PATIENCE_MS for server in router.servers]
    patience = max([PATIENCE_MS, *limits])
    return TcpRouter(
        protocol=TcpRouter.KIND,
        label=router.label,
        interpreter=interpreter,
        servers=tuple([_server(server, router) for server in router.servers]),
        client=_client(router, interpreter.prefix, patience),
        binding_timeout_ms=patience,
        binding_cache=BindingCache(idle_ttl_secs=_FOR_EVER),
    )


def _server(server: L5dTcpServer, router: L5dTcpRouter) -> TcpServer:
    waiters = [
        keys.max_waiters
        for prefix, keys in _entries(router)
        if prefix.match(server.dst_name) is not None and "max_waiters" in keys.model_fields_set
    ]
    return TcpServer(
        port=server.port,
        ip=server.ip,
        dst_name=DstName(server.dst_name.show(), server.dst_name),
        connect_timeout_ms=server.connect_timeout_ms,
        connection_lifetime_secs=server.connection_lifetime_secs,
        max_concurrency=server.max_concurrency,
        max_waiters=waiters[-1] if waiters else L5dTcpClientKeys().max_waiters,
        tls=None if server.tls is None else server.tls.as_linker(),
    )


def _entries(router: L5dTcpRouter) -> list[tuple[PathPattern, L5dTcpClientKeys]]:
    """What is said about clients, by the prefix of names; what comes later wins."""
    client = router.client
    if client is None:
        return []
    if isinstance(client, L5dTcpStaticClient):
        return [(entry.prefix, entry) for entry in client.configs]
    return [(_EVERYTHING, client)]


def _client(router: L5dTcpRouter, prefix: Path, patience: int) -> TcpGlobalClient | TcpStaticClient:
    """The clients' parameters by bound id: linkerd-tcp's defaults first, then what is said."""
    defaults = TcpClientEntry(
        prefix=_EVERYTHING, connect_timeout_ms=patience, failure_accrual=_accrual(FailFast())
    )
    said = [
        TcpClientEntry(prefix=_below(prefix, names), **_given(keys))
        for names, keys in _entries(router)
    ]
    return TcpStaticClient(kind=TcpStaticClient.KIND, configs=(defaults, *said))


def _below(prefix: Path, names: PathPattern) -> PathPattern:
    return PathPattern.parse(f"{prefix.show()}/{names.text.strip('/')}")


def _given(keys: L5dTcpClientKeys) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if keys.connect_timeout_ms is not None:
        given["connect_timeout_ms"] = keys.connect_timeout_ms
    if "min_connections" in keys.model_fields_set:
        given["min_connections"] = keys.min_connections
    if "fail_fast" in keys.model_fields_set:
        given["failure_accrual"] = _accrual(keys.fail_fast)
    if keys.tls is not None:
        given["tls"] = keys.tls.as_linker()
    return given


def _accrual(keys: FailFast) -> ConsecutiveFailuresConfig:
    """Out of service for the same time after each row of failures."""
    pause = ConstantConfig(kind=ConstantConfig.KIND, ms=keys.failure_penalty_secs * 1000)
    return ConsecutiveFailuresConfig(
        kind=ConsecutiveFailuresConfig.KIND,
        failures=keys.max_consecutive_failures,
        backoff=pause,
    )
