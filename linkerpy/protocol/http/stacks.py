"""The HTTP stacks, top-down: the page reads in the direction of a request.

Source: dataplane spec, sections 2.1 to 2.3; naming spec, section 5.2.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet

from linkerpy.core.service import Service, compose
from linkerpy.naming.addr import Address
from linkerpy.naming.bound import Bound
from linkerpy.naming.namer import Interpreter
from linkerpy.naming.path import Path
from linkerpy.policy.accrual import AccrualRule
from linkerpy.policy.balance import Algorithm
from linkerpy.policy.budget import BudgetRule
from linkerpy.policy.verdict import Classify
from linkerpy.protocol.http.access_log import AccessLog
from linkerpy.protocol.http.authority import rewrite_host
from linkerpy.protocol.http.buffering import SHORT, gather_all_bodies, gather_short_bodies
from linkerpy.protocol.http.client_cert import drop_client_cert, forward_client_cert
from linkerpy.protocol.http.compress import compress
from linkerpy.protocol.http.context import call_depth, clear_context, timestamp
from linkerpy.protocol.http.diagnostics import Here, diagnose
from linkerpy.protocol.http.dialing import Dialer
from linkerpy.protocol.http.endpoint import HttpEndpoint
from linkerpy.protocol.http.filters import (
    HttpService,
    bound_headers,
    origin_form,
    proxy_headers,
    read_context_headers,
    respond_to_errors,
    route,
)
from linkerpy.protocol.http.forwarded import Labeler, add_forwarded
from linkerpy.protocol.http.identify import Identifier
from linkerpy.protocol.http.limits import at_most
from linkerpy.protocol.http.record import (
    record_attempts,
    record_bound,
    record_name,
    record_requests,
)
from linkerpy.protocol.http.requeues import requeues
from linkerpy.protocol.http.retries import RetrySettings, retries
from linkerpy.protocol.http.stats import ByName, client_stats, server_stats, service_stats
from linkerpy.protocol.http.timeouts import (
    attempt_deadline,
    attempt_timeout,
    server_timeout,
    total_timeout,
)
from linkerpy.protocol.http.trace import Propagator, trace_attempts, trace_requests
from linkerpy.protocol.http.wire import WireSettings
from linkerpy.router.client import Client
from linkerpy.router.dst import Dst
from linkerpy.router.env import Env
from linkerpy.router.health import Health
from linkerpy.router.routing import Router, RouterSettings
from linkerpy.telemetry.metrics import Metrics


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """How one listening port serves.

    `max_requests` is at the same time, None for any number; `timeout` in seconds, None for none;
    `label` is what messages call the server. `forwarded` are the labelers of the two ends; None
    adds no such header. `call_depth` is the most proxies that a request may have come through, and
    without a `propagator` no trace context is read.
    """

    wire: WireSettings
    max_requests: int | None = None
    compression: int = 0
    timeout: float | None = None
    label: str = "unspecified"
    clear_context: bool = False
    forwarded: tuple[Labeler, Labeler] | None = None
    timestamp_header: str | None = None
    call_depth: int = 1000
    propagator: Propagator | None = None


def server_stack(
    identify: Identifier, router: Router, server: ServerSettings, metrics: Metrics, env: Env
) -> HttpService:
    """One listening port's stack, above the router."""
    respond = respond_to_errors(server.wire.max_headers, server.wire.max_error_body, env.clock)
    most, propagator = server.max_requests, server.propagator
    tracing = None if propagator is None else env.tracing  # a span has the trace's id
    return compose(
        clear_context if server.clear_context else None,  # of the responses we make, too
        server_stats(metrics, env.clock, respond),  # counts the responses we make, too
        None if most is None else at_most(most, metrics),
        compress(server.compression),
        None if server.clear_context else read_context_headers,  # dtabs: before the name is sought
        None if server.forwarded is None else add_forwarded(*server.forwarded),
        timestamp(server.timestamp_header),
        call_depth(server.call_depth),
        None if propagator is None else trace_requests(propagator, env.random),
        None if tracing is None else record_requests(tracing, router.settings.label, env.clock),
        server_timeout(server.timeout, server.label, env.timers),
        origin_form,  # before the name is made from the host; after `Forwarded`, for its scheme
        route(identify, router.dispatch),
    )


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """What is a success of one service, how it is retried, and how many seconds it may take.

    Without a classifier the status tells, and only what says so itself is retried. Request bodies
    of up to `short` bytes are gathered before they are sent, and without `streams` all bodies are.
    """

    classify: Classify | None = None
    retries: RetrySettings = field(default_factory=RetrySettings)
    total_timeout: float | None = None
    short: int = SHORT
    streams: bool = True


def _buffering(service: ServiceSettings) -> Any:
    if not service.streams:
        return gather_all_bodies
    # What can never be sent again need not be held back.
    return None if service.retries.budget.never else gather_short_bodies(service.short)


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """How one client's endpoints are chosen and spoken to; `attempt_timeout` in seconds."""

    wire: WireSettings
    algorithm: Algorithm
    accrual: AccrualRule | None = None
    fail_fast: bool = False
    requeues: BudgetRule = field(default_factory=BudgetRule)
    attempt_timeout: float | None = None
    forward_client_cert: bool = False


@dataclass(frozen=True, slots=True)
class HttpStacks:
    """What the router asks for: the stacks of a name, of a bound name, and of a client.

    `service_settings` gives the configuration that applies to a logical name, `client_settings`
    that for a client id.
    """

    settings: RouterSettings
    service_settings: Callable[[Path], ServiceSettings]
    client_settings: Callable[[Path], ClientSettings]
    env: Env
    interpreter: Interpreter
    propagator: Propagator | None = None
    access_log: AccessLog | None = None
    counting: WeakSet[ByName] = field(default_factory=WeakSet)
    """What the clients that live count by logical name."""

    def path(self, dst: Dst, metrics: Metrics, below: Service[Any, Any]) -> HttpService:
        """One name's stack."""
        clock, timers = self.env.clock, self.env.timers
        service = self.service_settings(dst.path)
        return compose(
            None if self.env.tracing is None else record_name,
            proxy_headers(dst),  # outside the stats: what it does is no time of the service's
            _buffering(service),
            service_stats(metrics, clock),  # above the attempts: many are one request
            total_timeout(service.total_timeout, timers),  # above the retries: it ends them
            retries(service.retries, service.classify, metrics, clock),
            below,
        )

    def bound(self, bound: Bound, below: Service[Any, Any]) -> HttpService:
        """One (id, residual)'s stack."""
        recorded = None if self.env.tracing is None else record_bound(bound)
        return compose(recorded, bound_headers(bound), below)

    def client_stack(self, bound: Bound, metrics: Metrics, client: Client) -> HttpService:
        """One client's stack, above its balancer: an attempt, not a request."""
        clock, timers = self.env.clock, self.env.timers
        settings = self.client_settings(bound.id)
        by_name = ByName(metrics)
        self.counting.add(by_name)
        propagator, log = self.propagator, self.access_log
        chance, recorded = self.env.random, self.env.tracing is not None
        return compose(
            None if log is None else log.logged,
            forward_client_cert() if settings.forward_client_cert else drop_client_cert,
            None if propagator is None else trace_attempts(propagator, chance, recorded=recorded),
            diagnose(self._here(bound, client)),  # above the requeues: it is one answer
            rewrite_host(client),
            requeues(settings.requeues, client, metrics, self.env),  # above the stats: attempts
            record_attempts(clock) if recorded else None,
            client_stats(metrics, clock, by_name),
            attempt_deadline(settings.attempt_timeout),
            attempt_timeout(settings.attempt_timeout, bound.id.show(), timers),
            client.send,
        )

    def _here(self, bound: Bound, client: Client) -> Here:
        label, dtab = self.settings.label, self.settings.dtab
        return Here(label, dtab, self.interpreter, bound.id, client, self.env.clock.seconds)

    def forget(self, path: Path) -> None:
        """See `Stacks`: the clients that served it forget it, too."""
        for by_name in self.counting:
            by_name.forget(path)

    def client(self, bound: Bound, metrics: Metrics) -> Client:
        """One id's endpoints."""
        settings = self.client_settings(bound.id)
        dialer = Dialer(metrics, settings.wire, self.env)
        label = bound.id.show()[1:]
        health = Health(settings.accrual, settings.fail_fast, label, metrics, self.env)

        def endpoint(address: Address) -> HttpEndpoint:
            return HttpEndpoint(address, dialer, health)

        return Client(bound.addr, endpoint, settings.algorithm, metrics, self.env)
