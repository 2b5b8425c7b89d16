"""One TCP router, from its configuration to its listening ports."""

from linkerpy.codec.proxy_protocol import make_v1, make_v2
from linkerpy.core.errors import BindingFailed
from linkerpy.naming.namer import Interpreter
from linkerpy.naming.path import Path
from linkerpy.net.errors import show_address
from linkerpy.net.tls_handshake import ServerTls, Target
from linkerpy.policy.accrual import default_rule
from linkerpy.policy.balance import p2c
from linkerpy.protocol.tcp.client import DialSettings
from linkerpy.protocol.tcp.config import (
    GREETS_BEFORE_TLS,
    TcpClientTls,
    TcpRouter,
    TcpServer,
    TcpServerTls,
)
from linkerpy.protocol.tcp.port import TcpPort
from linkerpy.protocol.tcp.stacks import ClientSettings, ServerSettings, TcpStacks
from linkerpy.router.routing import CacheSizes, Router, RouterSettings
from linkerpy.router.running import RunningRouter
from linkerpy.router.sockets import socket_options
from linkerpy.router.tls import ClientContexts, every_tls, server_tls
from linkerpy.telemetry.metrics import Claim

_GREETINGS = {None: None, "v1": make_v1, "v2": make_v2}


class RunningTcpRouter(RunningRouter):
    """A TCP router and its servers."""

    def _route(self, interpreter: Interpreter) -> Router:
        config, env = self.config, self._env
        self._contexts = ClientContexts(env, config.name)
        self._parts.add(self._contexts)
        for keys in every_tls(config.client):  # so that files that will not do are known now
            self._target(keys)
        stacks = TcpStacks(self._client_settings, env)
        return Router(_router_settings(config), interpreter, stacks, env)

    def _server(self, keys: TcpServer, metrics: Claim) -> tuple[TcpPort, ServerTls | None]:
        settings = _server_settings(self.config, keys)
        where = show_address(keys.ip, keys.port)
        tls = server_tls(keys.tls, self._env, metrics, self.config.name, where, _alpn(keys.tls))
        if tls is not None and settings.connect_timeout is not None:
            tls.patience = min(tls.patience, settings.connect_timeout)
        return TcpPort(settings, self.router, metrics, self._env), tls

    def _target(self, keys: TcpClientTls | None) -> Target | None:
        return self._contexts.target(keys, _alpn(keys))

    def _client_settings(self, bound_id: Path) -> ClientSettings:
        keys = self.config.client.for_name(bound_id)
        if keys.greets_before_tls:  # each from another entry, which no check of the file can know
            raise BindingFailed(f"client of {bound_id.show()}: {GREETS_BEFORE_TLS}")
        chance, accrual = self._env.random, keys.failure_accrual
        session, pool = keys.client_session, keys.host_connection_pool
        dial = DialSettings(
            keys.connect_timeout,
            session.idle_time,
            session.life_time,
            pool.max_size,
            pool.max_waiters,
            _GREETINGS[keys.send_proxy_protocol],
            self._target(keys.tls),
            socket_options(keys.socket_options),
        )
        return ClientSettings(
            p2c() if keys.load_balancer is None else keys.load_balancer.build(self._env),
            dial,
            default_rule(chance) if accrual is None else accrual.build(chance),
            keys.fail_fast,
            keys.min_connections,
        )


def _alpn(keys: TcpServerTls | TcpClientTls | None) -> tuple[bytes, ...]:
    return () if keys is None else tuple([name.encode() for name in keys.alpn_protocols])


def _router_settings(config: TcpRouter) -> RouterSettings:
    cache = config.binding_cache
    return RouterSettings(
        label=config.name,
        dtab=config.dtab,
        binding_timeout=config.binding_timeout,
        caches=CacheSizes(
            cache.paths, cache.trees, cache.bounds, cache.clients, float(cache.idle_ttl_secs)
        ),
    )


def _server_settings(config: TcpRouter, server: TcpServer) -> ServerSettings:
    session = server.server_session
    life = server.connection_lifetime_secs
    return ServerSettings(
        config.name_of(server),
        server.default_dst_name,
        None if server.connect_timeout_ms is None else server.connect_timeout_ms / 1000,
        server.hello_timeout_ms / 1000,
        session.idle_time,
        session.life_time if life is None else min(session.life_time, float(life)),
        server.max_concurrency,
        server.max_concurrent_requests,
        server.max_waiters,
        server.accept_proxy_protocol,
        server.tls is not None,
        f"{server.ip}/{server.port}",
    )
