"""One HTTP router, from its configuration to its listening ports."""

from dataclasses import replace
from functools import partial
from random import Random

from linkerpy.config.connection import RetryBudget, Session
from linkerpy.config.connection import SocketOptions as SocketKeys
from linkerpy.config.forwarded import AddForwardedHeader
from linkerpy.naming.namer import Interpreter
from linkerpy.naming.path import Path
from linkerpy.net.errors import show_address
from linkerpy.net.tls_handshake import ServerTls
from linkerpy.policy.accrual import default_rule
from linkerpy.policy.backoff import Waits
from linkerpy.policy.balance import p2c
from linkerpy.policy.budget import BudgetRule
from linkerpy.policy.pool import PoolLimits
from linkerpy.protocol.http.access_log import AccessLog
from linkerpy.protocol.http.config import HttpRouter, HttpServer
from linkerpy.protocol.http.context import bare_response
from linkerpy.protocol.http.filters import error_response
from linkerpy.protocol.http.forwarded import Labeler, RandomLabel
from linkerpy.protocol.http.identify import HeaderToken, Identifier, first_of
from linkerpy.protocol.http.port import HttpPort
from linkerpy.protocol.http.retries import RetrySettings, at_once
from linkerpy.protocol.http.stacks import (
    ClientSettings,
    HttpStacks,
    ServerSettings,
    ServiceSettings,
    server_stack,
)
from linkerpy.protocol.http.trace import LinkerdPropagator, Propagator
from linkerpy.protocol.http.wire import WireSettings
from linkerpy.router.config import Retries
from linkerpy.router.env import Env
from linkerpy.router.families import BackoffConfig
from linkerpy.router.routing import CacheSizes, Router, RouterSettings
from linkerpy.router.running import RunningRouter
from linkerpy.router.sockets import socket_options
from linkerpy.router.tls import ClientContexts, every_tls, server_tls
from linkerpy.telemetry.metrics import Claim

_ALPN = (b"http/1.1",)


class RunningHttpRouter(RunningRouter):
    """An HTTP router and its servers."""

    def _route(self, interpreter: Interpreter) -> Router:
        config, env = self.config, self._env
        settings = _router_settings(config)
        self._propagator = _propagator(config, env.random)
        self._access_log = _access_log(config, env)
        if self._access_log is not None:
            self._parts.add(self._access_log)
        self._identify = identifier_of(config)
        self._contexts = ClientContexts(env, config.name, _ALPN)
        self._parts.add(self._contexts)
        for keys in every_tls(config.client):  # so that files that will not do are known now
            self._contexts.target(keys)
        stacks = HttpStacks(
            settings,
            self._service_settings,
            self._client_settings,
            env,
            interpreter,
            self._propagator,
            self._access_log,
        )
        return Router(settings, interpreter, stacks, env)

    def _server(self, keys: HttpServer, metrics: Claim) -> tuple[HttpPort, ServerTls | None]:
        label = f"{keys.ip}/{keys.port}"
        wire = _wire(self.config, keys.socket_options, keys.server_session, PoolLimits())
        settings = ServerSettings(
            wire,
            keys.max_concurrent_requests,
            self.config.compression_level,
            _limit(keys.timeout_ms),
            label,
            keys.clear_context,
            self._labelers(keys.add_forwarded_header),
            keys.timestamp_header,
            keys.max_call_depth,
            self._propagator,
        )
        where = show_address(keys.ip, keys.port)
        tls = server_tls(keys.tls, self._env, metrics, self.config.name, where, _ALPN)
        stack = server_stack(self._identify, self.router, settings, metrics, self._env)
        report = bare_response if keys.clear_context else error_response
        return HttpPort(stack, wire, self._env.timers, metrics, report), tls

    def _labelers(self, keys: AddForwardedHeader | None) -> tuple[Labeler, Labeler] | None:
        if keys is None:
            return None
        chance = self._env.random
        by, for_ = (
            RandomLabel(chance, each_request=True)
            if labeler is None
            else labeler.build(self.config.name, chance)
            for labeler in (keys.by, keys.for_)
        )
        return by, for_

    def _service_settings(self, name: Path) -> ServiceSettings:
        keys = self.config.service.for_name(name)
        retried = keys.retries or Retries()
        return ServiceSettings(
            None if keys.response_classifier is None else keys.response_classifier.build(),
            RetrySettings(_budget(retried.budget), self._backoff(retried.backoff)),
            _limit(keys.total_timeout_ms),
            self.config.short_body_bytes,
            self.config.streaming_enabled,
        )

    def _backoff(self, backoff: BackoffConfig | None) -> Waits:
        return at_once if backoff is None else partial(backoff.build, self._env.random)

    def _client_settings(self, bound_id: Path) -> ClientSettings:
        keys = self.config.client.for_name(bound_id)
        pool = keys.host_connection_pool
        limits = PoolLimits(
            pool.min_size,
            pool.max_size,
            float("inf") if pool.idle_time is None else pool.idle_time,
            pool.max_waiters,
        )
        algorithm = p2c() if keys.load_balancer is None else keys.load_balancer.build(self._env)
        chance = self._env.random
        accrual = keys.failure_accrual
        wire = _wire(self.config, keys.socket_options, keys.client_session, limits)
        return ClientSettings(
            replace(wire, tls=self._contexts.target(keys.tls)),
            algorithm,
            default_rule(chance) if accrual is None else accrual.build(chance),
            keys.fail_fast,
            _budget(keys.requeue_budget or RetryBudget()),
            _limit(keys.request_attempt_timeout_ms),
            keys.forward_client_cert,
        )


def _router_settings(config: HttpRouter) -> RouterSettings:
    cache = config.binding_cache
    return RouterSettings(
        label=config.name,
        dtab=config.dtab,
        binding_timeout=config.binding_timeout,
        caches=CacheSizes(
            cache.paths, cache.trees, cache.bounds, cache.clients, float(cache.idle_ttl_secs)
        ),
    )


def _propagator(config: HttpRouter, chance: Random) -> Propagator:
    if config.trace_propagator is None:
        return LinkerdPropagator(chance.getrandbits(64))
    built: Propagator = config.trace_propagator.build(chance)
    return built


def _access_log(config: HttpRouter, env: Env) -> AccessLog | None:
    """Raises ValueError if the file cannot be written."""
    if config.http_access_log is None:
        return None
    try:
        file = env.logs.open(
            config.http_access_log,
            config.http_access_log_roll_policy,
            append=config.http_access_log_append,
            keep=config.http_access_log_rotate_count,
        )
    except ValueError as error:
        raise ValueError(f"router '{config.name}': httpAccessLog: {error}") from error
    return AccessLog(file, env.timers)


def _limit(milliseconds: int | None) -> float | None:
    """A timeout in seconds. Source: config spec, section 9.2: 0 or less is none."""
    return None if milliseconds is None or milliseconds <= 0 else milliseconds / 1000


def _budget(keys: RetryBudget) -> BudgetRule:
    return BudgetRule(float(keys.ttl_secs), keys.min_retries_per_sec, keys.percent_can_retry)


def identifier_of(config: HttpRouter) -> Identifier:
    """What names the requests of a router."""
    if config.identifier is None:
        return HeaderToken(header="Host", prefix=config.dst_prefix)
    return first_of([one.build(config.dst_prefix, config.dtab) for one in config.identifier])


def _wire(
    config: HttpRouter, sockets: SocketKeys, session: Session, limits: PoolLimits
) -> WireSettings:
    return WireSettings(
        max_initial_line=config.max_initial_line_bytes,
        max_headers=config.max_headers_bytes,
        max_error_body=config.max_err_response_bytes,
        idle_time=session.idle_time,
        life_time=session.life_time,
        pool=limits,
        socket_options=socket_options(sockets),
    )
