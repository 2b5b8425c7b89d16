"""Routers, servers, clients and services: the keys that all protocols share.

Each `protocol/*/config.py` adds its own to these. A router's configuration names plugin families,
never plugins.

Source: config spec, sections 6 to 9.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, TypeVar

from linkerpy.config.connection import HostConnectionPool, RetryBudget, Session, SocketOptions
from linkerpy.config.fields import (
    Count,
    DtabField,
    Flag,
    Ip,
    Many,
    PathField,
    PatternField,
    Port,
    Positive,
    Text,
)
from linkerpy.config.kinds import KindOf
from linkerpy.config.model import Choice, KindModel, Model
from linkerpy.config.notyet import NotYet
from linkerpy.config.tls import ClientTls, ServerTls
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.path import Path
from linkerpy.naming.pattern import substitute
from linkerpy.router.families import (
    AccrualConfig,
    AnnouncerConfig,
    Backoff,
    BalancerConfig,
    InterpreterConfig,
)


class BindingCache(Model):
    """Sizes of the four binding caches, and when an unused entry is dropped."""

    paths: Positive = 1000
    """Logical names."""
    trees: Positive = 1000
    """Bound trees."""
    bounds: Positive = 1000
    """Bound names with what is left of the path."""
    clients: Positive = 1000
    """Bound names as clients, with their connections."""
    idle_ttl_secs: Positive = 600
    """Seconds after which what is not used is dropped."""


class ServerConfig(Model):
    """A listening server. Protocols give `port` its default."""

    port: Port
    """Where it listens; 0 is any free port."""
    ip: Ip = "127.0.0.1"
    """The address it listens on; `0.0.0.0` is all of IPv4, `'::'` all of IPv6."""
    label: Text | None = None
    """Without effect, as in linkerd."""
    tls: ServerTls | None = None
    """None is plain text."""
    socket_options: SocketOptions = SocketOptions()
    """Of the listening socket and of the connections it accepts."""
    max_concurrent_requests: Count | None = None
    """Requests served at the same time, others are refused; None is any number."""
    announce: Annotated[Many[PathField], NotYet("announcers", inert=((),))] = ()
    """Names under which service discovery is told of it."""
    timeout_ms: int | None = None
    """For a request, in milliseconds; 0 or less is none."""
    server_session: Session = Session()
    """How long callers' connections live."""
    clear_context: Flag = False
    """Whether callers' `l5d-*` headers are dropped, and none are sent to them."""


_STATIC_ONLY: dict[str, str] = {
    "configs": "give `kind: io.l5d.static` with it",
    "prefix": "give `kind: io.l5d.static`, and this under `configs`",
}


class ClientKeys(Model):
    """What can be said about the clients of a router."""

    MOVED: ClassVar[dict[str, str]] = _STATIC_ONLY

    tls: ClientTls | None = None
    """How backends are spoken to; None is plain text."""
    load_balancer: Annotated[BalancerConfig, KindOf("balancer")] | None = None
    """None is p2c with its defaults."""
    host_connection_pool: HostConnectionPool = HostConnectionPool()
    """Connections to each endpoint."""
    fail_fast: Flag = False
    """Whether an endpoint that cannot be connected to is left alone at once."""
    failure_accrual: Annotated[AccrualConfig, KindOf("accrual")] | None = None
    """None is five failures in a row."""
    request_attempt_timeout_ms: int | None = None
    """For one attempt, in milliseconds; 0 or less is none."""
    requeue_budget: RetryBudget | None = None
    """None is the default budget."""
    client_session: Session = Session()
    """How long connections to backends live."""
    socket_options: SocketOptions = SocketOptions()
    """Of connections to backends."""


class Retries(Model):
    """How failed requests are tried again."""

    budget: RetryBudget = RetryBudget()
    """How many retries requests earn."""
    backoff: Backoff | None = None
    """None is no wait."""


class ServiceKeys(Model):
    """What can be said about the services of a router."""

    MOVED: ClassVar[dict[str, str]] = _STATIC_ONLY

    total_timeout_ms: int | None = None
    """For a request and all its retries, in milliseconds; 0 or less is none."""
    retries: Retries | None = None
    """None is the default budget and no wait."""


class StaticEntry(Model):
    """One entry of a static configuration; subclasses add the keys it may override."""

    prefix: PatternField
    """Which names: an element may be `*`, or hold captures such as `{service}`."""

    def given(self, captures: Mapping[str, str]) -> dict[str, Any]:
        """The parameters that this entry sets, with captures put into a TLS common name."""
        given = {name: getattr(self, name) for name in self.model_fields_set - {"prefix"}}
        tls = given.get("tls")
        if isinstance(tls, ClientTls) and tls.common_name is not None:
            name = substitute(tls.common_name, captures)
            given["tls"] = tls.model_copy(update={"common_name": name})
        return given


Keys = TypeVar("Keys", bound=Model)


def overlay(keys: type[Keys], entries: Iterable[StaticEntry], name: Path) -> Keys:
    """The parameters for `name`: of the entries that match it, the last to set each one counts.

    Clients are matched by their bound name, services by their logical name.
    """
    chosen: dict[str, Any] = {}
    for entry in entries:
        captures = entry.prefix.match(name)
        if captures is not None:
            chosen |= entry.given(captures)
    return keys.model_construct(**chosen)


class ClientEntry(ClientKeys, StaticEntry):
    """The clients whose bound name begins with `prefix`."""


class GlobalClient(ClientKeys, KindModel):
    """The same for all clients."""

    KIND: ClassVar[str] = "io.l5d.global"

    kind: Text = "io.l5d.global"

    def for_name(self, name: Path) -> ClientKeys:
        """The parameters of the client of a bound name."""
        return self


class StaticClient(KindModel):
    """Parameters by bound name."""

    KIND: ClassVar[str] = "io.l5d.static"

    configs: Many[ClientEntry]
    """Of the entries that match, the last to set a key counts."""

    def for_name(self, name: Path) -> ClientKeys:
        """The parameters of the client of a bound name."""
        return overlay(ClientKeys, self.configs, name)


class ServiceEntry(ServiceKeys, StaticEntry):
    """The services whose name begins with `prefix`."""


class GlobalService(ServiceKeys, KindModel):
    """The same for all services."""

    KIND: ClassVar[str] = "io.l5d.global"

    kind: Text = "io.l5d.global"

    def for_name(self, name: Path) -> ServiceKeys:
        """The parameters of the service of a logical name."""
        return self


class StaticService(KindModel):
    """Parameters by logical name."""

    KIND: ClassVar[str] = "io.l5d.static"

    configs: Many[ServiceEntry]
    """Of the entries that match, the last to set a key counts."""

    def for_name(self, name: Path) -> ServiceKeys:
        """The parameters of the service of a logical name."""
        return overlay(ServiceKeys, self.configs, name)


class RouterConfig(Choice):
    """A router. Protocols add `servers`, `client`, `service` and keys of their own."""

    KEY: ClassVar[str] = "protocol"
    SERVER: ClassVar[type[ServerConfig]]
    """What one of its servers is."""

    MOVED: ClassVar[dict[str, str]] = {
        "baseDtab": "write `dtab`",
        "failFast": "write it under `client`",
        "responseClassifier": "write it under `service`",
        "retries": "write it under `service`",
        "timeoutMs": "write `totalTimeoutMs` under `service`",
        "tracers": "write a tracer under the top-level `telemetry`",
    }
    protocol: Text
    label: Text | None = None
    """What metrics, logs and the admin page call it; None is its protocol. No two may be equal."""
    dtab: DtabField = Dtab.EMPTY
    """What names mean."""
    dst_prefix: PathField = Path.of("svc")
    """What the names of its requests begin with."""
    interpreter: Annotated[InterpreterConfig, KindOf("interpreter")] | None = None
    """None is the interpreter `default`."""
    originator: Flag = False
    """Whether the gauge `originator` says that requests begin here."""
    binding_timeout_ms: Positive = 10_000
    """How long a request waits for its name to be bound for the first time."""
    binding_cache: BindingCache = BindingCache()
    """How many names are kept bound, and how long."""
    announcers: Annotated[
        Many[Annotated[AnnouncerConfig, KindOf("announcer")]], NotYet("announcers", inert=((),))
    ] = ()
    experimental: Flag = False
    """To be set for protocols that are experimental in linkerd."""

    @property
    def name(self) -> str:
        """The label, or the protocol for want of one."""
        return self.protocol if self.label is None else self.label

    @property
    def binding_timeout(self) -> float:
        """Seconds a request waits for its name to be bound."""
        return self.binding_timeout_ms / 1000
