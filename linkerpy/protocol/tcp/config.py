"""Configuration of `tcp` routers, and of routers in linkerd-tcp's own files.

`TcpRouter` is a router among others in a linkerd file: it has dtab, namers and admin like any, and
its servers' keys are linkerd-tcp's. The classes named `L5dTcp…` are the objects of a linkerd-tcp
file, whose names namerd resolves.

Source: dataplane spec, section 8.1.
"""

from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from linkerpy.config.fields import (
    Count,
    Ip,
    Many,
    Number,
    PathField,
    PatternField,
    Port,
    Positive,
    Text,
)
from linkerpy.config.kinds import KindOf
from linkerpy.config.model import KindModel, Model
from linkerpy.naming.path import Path
from linkerpy.router.config import ClientKeys, RouterConfig, ServerConfig, StaticEntry, overlay


class TcpServer(ServerConfig):
    """A server of a `tcp` router: all its connections go to one name."""

    dst_name: PathField
    """Put after the router's `dstPrefix`."""
    connect_timeout_ms: Positive | None = None
    """For the TLS handshake of the caller, waiting, and connecting."""
    connection_lifetime_secs: Positive | None = None
    max_concurrency: Positive = 100_000


class TcpClientKeys(ClientKeys):
    """What can be said about the clients of a `tcp` router."""

    connect_timeout_ms: Positive | None = None
    """For one connect."""


class TcpClientEntry(TcpClientKeys, StaticEntry):
    """The clients whose bound name begins with `prefix`."""


class TcpGlobalClient(TcpClientKeys, KindModel):
    """The same for all clients."""

    KIND: ClassVar[str] = "io.l5d.global"

    kind: Text = "io.l5d.global"

    def for_name(self, name: Path) -> TcpClientKeys:
        """The parameters of the client of a bound name."""
        return self


class TcpStaticClient(KindModel):
    """Parameters by bound name."""

    KIND: ClassVar[str] = "io.l5d.static"

    configs: Many[TcpClientEntry]

    def for_name(self, name: Path) -> TcpClientKeys:
        """The parameters of the client of a bound name."""
        return overlay(TcpClientKeys, self.configs, name)


class TcpRouter(RouterConfig):
    """A router for TCP connections. It has no services: nothing is retried."""

    KIND: ClassVar[str] = "tcp"
    NOT_YET: ClassVar[str] = "TCP"
    SERVER: ClassVar[type[ServerConfig]] = TcpServer

    servers: Many[TcpServer] = ()
    client: Annotated[
        TcpGlobalClient | TcpStaticClient, KindOf("tcp.client", default="io.l5d.global")
    ] = TcpGlobalClient()


class Identity(Model):
    """A certificate, its chain after it, and its key."""

    certs: Many[Text]
    private_key: Text


class L5dTcpServerTls(Model):
    """Certificates by the name that the caller asks for."""

    alpn_protocols: Many[Text] = ()
    default_identity: Identity | None = None
    identities: dict[str, Identity] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if self.default_identity is None:
            raise ValueError("NoIdentities: `tls` needs a `defaultIdentity`")
        return self


class L5dTcpServer(Model):
    """A server of a linkerd-tcp file."""

    NEEDS: ClassVar[dict[str, str]] = {"dstName": "NoDstName: `dstName` is a required field"}

    port: Port
    ip: Ip = "127.0.0.1"
    dst_name: PathField
    tls: L5dTcpServerTls | None = None
    connect_timeout_ms: Positive | None = None
    connection_lifetime_secs: Positive | None = None
    max_concurrency: Positive = 100_000


class L5dTcpClientTls(Model):
    """TLS to backends; only `trustCerts` is trusted."""

    dns_name: Text
    trust_certs: Many[Text] = ()


class FailFast(Model):
    """When an endpoint is left alone, and for how long."""

    max_consecutive_failures: Positive = 5
    failure_penalty_secs: Count = 60


class L5dTcpClientKeys(Model):
    """What can be said about the clients of a linkerd-tcp file."""

    tls: L5dTcpClientTls | None = None
    connect_timeout_ms: Positive | None = None
    max_waiters: Count = 1_000_000
    min_connections: Count = 0
    fail_fast: FailFast = FailFast()


class L5dTcpClientEntry(L5dTcpClientKeys):
    """The clients whose name begins with `prefix`."""

    NEEDS: ClassVar[dict[str, str]] = {"prefix": "StaticWithoutPrefix: `prefix` is required here"}

    prefix: PatternField


class L5dTcpGlobalClient(L5dTcpClientKeys, KindModel):
    """The same for all clients."""

    KIND: ClassVar[str] = "io.l5d.global"
    MOVED: ClassVar[dict[str, str]] = {"prefix": "GlobalWithPrefix: use `kind: io.l5d.static`"}


class L5dTcpStaticClient(KindModel):
    """Parameters by name."""

    KIND: ClassVar[str] = "io.l5d.static"

    configs: Many[L5dTcpClientEntry]


class L5dTcpInterpreter(Model):
    """Where a linkerd-tcp file's names are resolved: namerd's control API, polled."""

    kind: Literal["io.l5d.namerd.http"]
    base_url: Text
    namespace: Text
    period_secs: Number

    @field_validator("period_secs")
    @classmethod
    def _is_period(cls, period: float) -> float:
        if period <= 0:
            raise ValueError("InvalidPeriod: must be more than 0")
        return period

    @field_validator("base_url")
    @classmethod
    def _is_url(cls, url: str) -> str:
        try:
            parts: Any = urlsplit(url)
            usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise ValueError("InvalidBaseUrl: must be like http://namerd:4180")
        return url


class L5dTcpRouter(Model):
    """A router of a linkerd-tcp file."""

    label: Text
    interpreter: L5dTcpInterpreter
    servers: Many[L5dTcpServer]
    client: (
        Annotated[L5dTcpGlobalClient | L5dTcpStaticClient, KindOf("linkerd-tcp.client")] | None
    ) = None
