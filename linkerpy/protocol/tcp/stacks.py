"""The TCP stacks, top-down: the page reads in the direction of a session's opening.

Source: dataplane spec, sections 1 and 8.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from linkerpy.core.service import Service, compose
from linkerpy.naming.addr import Address
from linkerpy.naming.bound import Bound
from linkerpy.naming.path import Path
from linkerpy.policy.accrual import AccrualRule
from linkerpy.policy.balance import Algorithm
from linkerpy.protocol.tcp.client import Dialer, DialSettings
from linkerpy.protocol.tcp.dst_name import DstName
from linkerpy.protocol.tcp.endpoint import TcpEndpoint
from linkerpy.protocol.tcp.figures import Sessions, counted, sessions
from linkerpy.protocol.tcp.filters import (
    TcpService,
    accept_proxy_header,
    at_most,
    failover,
    route,
    waiting_at_most,
)
from linkerpy.protocol.tcp.spares import Spares, SparingClient, sparing
from linkerpy.router.client import Client
from linkerpy.router.dst import Dst
from linkerpy.router.env import Env
from linkerpy.router.health import Health
from linkerpy.router.routing import Router
from linkerpy.telemetry.metrics import Metrics


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """How one listening port serves; times in seconds.

    `max_sessions` is where a caller is refused, None for never; `max_waiters` so, too, counting
    only those that have no connection yet; `max_open` where it has to wait to be accepted.
    """

    name: DstName
    default: Path | None = None
    connect_timeout: float | None = None
    hello_timeout: float = 5.0
    idle_time: float = float("inf")
    life_time: float = float("inf")
    max_open: int = 100_000
    max_sessions: int | None = None
    max_waiters: int | None = None
    accept_proxy: bool = False
    ends_tls: bool = False
    """Whether it speaks TLS itself, so that callers' names are known without reading along."""
    label: str = "unspecified"


def server_stack(
    server: ServerSettings, router: Router, figures: Sessions, metrics: Metrics, env: Env
) -> TcpService:
    """One listening port's stack, above the router."""
    patience = server.hello_timeout
    return compose(
        counted(figures, env.clock),  # outermost: counts the callers that are refused, too
        at_most(server.max_sessions, metrics),
        waiting_at_most(server.max_waiters, metrics),
        accept_proxy_header(server.accept_proxy, patience, env.timers),  # before what it precedes
        route(
            server.name, server.default, router, None if server.ends_tls else patience, env.timers
        ),
    )


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """How one client's endpoints are chosen and connected to."""

    algorithm: Algorithm
    dial: DialSettings = field(default_factory=DialSettings)
    accrual: AccrualRule | None = None
    fail_fast: bool = False
    min_connections: int = 0
    """Spare ones, that stand before they are asked for."""


@dataclass(frozen=True, slots=True)
class TcpStacks:
    """What the router asks for: the stacks of a name, of a bound name, and of a client."""

    client_settings: Callable[[Path], ClientSettings]
    env: Env

    def path(self, dst: Dst, metrics: Metrics, below: Service[Any, Any]) -> TcpService:
        """One name's stack."""
        clock = self.env.clock
        return compose(counted(sessions(metrics, clock), clock), below)

    def bound(self, bound: Bound, below: Service[Any, Any]) -> TcpService:
        """One (id, residual)'s stack: TCP has nothing to say about it."""
        return below

    def client_stack(self, bound: Bound, metrics: Metrics, client: Client) -> TcpService:
        """One client's stack, above its balancer: an attempt, not a session."""
        clock = self.env.clock
        figures = sessions(metrics, clock, outbound=True)
        return compose(
            failover(metrics, self.env),  # above the figures: each attempt counts
            counted(figures, clock),
            sparing(client),
            client.send,
        )

    def forget(self, path: Path) -> None:
        """See `Stacks`: nothing is kept."""

    def client(self, bound: Bound, metrics: Metrics) -> Client:
        """One id's endpoints."""
        settings = self.client_settings(bound.id)
        dialer = Dialer(metrics, settings.dial, self.env)
        label = bound.id.show()[1:]
        health = Health(settings.accrual, settings.fail_fast, label, metrics, self.env)

        def endpoint(address: Address) -> TcpEndpoint:
            return TcpEndpoint(address, dialer, health)

        if not settings.min_connections:
            return Client(bound.addr, endpoint, settings.algorithm, metrics, self.env)
        spares = Spares(settings.min_connections, metrics, self.env.timers)
        client = SparingClient(
            bound.addr,
            lambda address: spares.join(endpoint(address)),
            settings.algorithm,
            metrics,
            self.env,
        )
        client.spares = spares
        return client
