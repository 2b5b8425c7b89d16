"""One TCP router, from its configuration to its listening ports."""

from collections.abc import Callable
from typing import Any

from linkerpy.codec.proxy_protocol import make_v1, make_v2
from linkerpy.core.errors import BindingFailed
from linkerpy.naming.namer import Interpreter
from linkerpy.naming.path import Path
from linkerpy.net.errors import show_address
from linkerpy.net.listen import listen
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
from linkerpy.protocol.tcp.dst_name import DstName
from linkerpy.protocol.tcp.port import TcpPort
from linkerpy.protocol.tcp.stacks import ClientSettings, ServerSettings, TcpStacks
from linkerpy.router.env import Env
from linkerpy.router.routing import CacheSizes, Router, RouterSettings
from linkerpy.router.sockets import socket_options
from linkerpy.router.tls import ClientContexts, every_tls, server_tls

_GREETINGS = {None: None, "v1": make_v1, "v2": make_v2}


class RunningTcpRouter:
    """A TCP router and its servers."""

    def __init__(self, config: TcpRouter, interpreter: Interpreter, env: Env) -> None:
        self.config = config
        self._env = env
        stacks = TcpStacks(self._client_settings, env)
        self.router = Router(_router_settings(config), interpreter, stacks, env)
        if config.originator:
            self.router.metrics.gauge("originator", read=lambda: 1.0)
        self._contexts = ClientContexts(env, config.name)
        for keys in every_tls(config.client):  # so that files that will not do are known now
            self._target(keys)
        self._tls: list[ServerTls | None] = []
        self._ports = [(server, self._port(server)) for server in config.servers]
        self._listening: list[Any] = []

    def _port(self, server: TcpServer) -> TcpPort:
        settings = _server_settings(self.config, server)
        metrics = self.router.metrics.scope("server", settings.label)
        where = show_address(server.ip, server.port)
        tls = server_tls(server.tls, self._env, metrics, self.config.name, where, _alpn(server.tls))
        if tls is not None and settings.connect_timeout is not None:
            tls.patience = min(tls.patience, settings.connect_timeout)
        self._tls.append(tls)
        return TcpPort(settings, self.router, metrics, self._env)

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

    def listen(self) -> list[str]:
        """Bind every server, in their order; their addresses as `ip:port`.

        Raises:
            ListenError: one cannot be bound.
        """
        for (server, port), tls in zip(self._ports, self._tls, strict=True):
            options = socket_options(server.socket_options)
            bound: Any = listen(self._env.reactor, port, server.ip, server.port, options, tls)
            port.listening = bound
            self._listening.append(bound)
        return [f"{port.getHost().host}:{port.getHost().port}" for port in self._listening]

    def stop_listening(self) -> None:
        """Take no new connections."""
        listening, self._listening = self._listening, []
        for _, port in self._ports:
            port.listening = None
        for bound in listening:
            bound.stopListening()

    def drain(self, on_idle: Callable[[], None]) -> None:
        """Let open sessions end; `on_idle` is called when the last has."""
        self.stop_listening()
        waiting = len(self._ports)

        def one_idle() -> None:
            nonlocal waiting
            waiting -= 1
            if waiting == 0:
                on_idle()

        for _, port in self._ports:
            port.drain(one_idle)
        if not self._ports:
            on_idle()

    def close(self) -> None:
        """Break off what is still open, and stop following names."""
        self.stop_listening()
        for _, port in self._ports:
            port.abort()
        self.router.close()
        self._contexts.close()
        for tls in self._tls:
            if tls is not None:
                tls.close()


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
    default = config.dst_prefix + Path.of(str(server.port))
    name = server.dst_name or DstName(default.show(), default)
    session = server.server_session
    life = server.connection_lifetime_secs
    return ServerSettings(
        name,
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
