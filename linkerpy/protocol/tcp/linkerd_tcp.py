"""Routers of linkerd-tcp's own files, whose names namerd resolves.

Each object can say itself as a linkerd file would where that is more than a new name for it; the
rest of the translation is the application's.

Source: dataplane spec, section 8.1.
"""

from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

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
from linkerpy.config.tls import AlpnName, Certificate, ServerName
from linkerpy.protocol.tcp.config import TcpClientTls, TcpServerTls


class Identity(Model):
    """The files of a certificate and its chain, in this order, and of its key."""

    certs: Annotated[Many[Text], Field(min_length=1)]
    """The certificate's file, then those of its chain."""
    private_key: Text
    """The key's file."""

    def keys(self) -> dict[str, Any]:
        """The same, as a linkerd file has it."""
        leaf, *chain = self.certs
        return {
            "cert_path": leaf,
            "key_path": self.private_key,
            "intermediate_certs_path": tuple(chain),
        }


class L5dTcpServerTls(Model):
    """Certificates by the name that the caller asks for."""

    NEEDS: ClassVar[dict[str, str]] = {
        "defaultIdentity": "NoIdentities: `tls` needs a `defaultIdentity`"
    }

    alpn_protocols: Many[AlpnName] = ()
    """What is spoken inside, best first, for clients that ask by ALPN."""
    default_identity: Identity
    """For callers that ask for no name, or for one that is not under `identities`."""
    identities: dict[ServerName, Identity] = Field(default_factory=dict)
    """For callers that ask for a name: `www.example.com`, or `*.example.com`."""

    def as_linker(self) -> TcpServerTls:
        """The same, as a linkerd file has it."""
        named = {name: Certificate(**one.keys()) for name, one in self.identities.items()}
        main = self.default_identity.keys()
        return TcpServerTls(alpn_protocols=self.alpn_protocols, identities=named, **main)


class L5dTcpServer(Model):
    """A server of a linkerd-tcp file."""

    NEEDS: ClassVar[dict[str, str]] = {"dstName": "NoDstName: `dstName` is a required field"}

    port: Port
    """Where it listens."""
    ip: Ip = "127.0.0.1"
    """The address it listens on; `0.0.0.0` is all of IPv4, `'::'` all of IPv6."""
    dst_name: PathField
    """The name that its connections go to."""
    tls: L5dTcpServerTls | None = None
    """None is plain text."""
    connect_timeout_ms: Positive | None = None
    """For waiting and connecting; None is ten seconds."""
    connection_lifetime_secs: Positive | None = None
    """After which a session is ended, busy or not; None is never."""
    max_concurrency: Positive = 100_000
    """Connections open at the same time; more wait in the system's queue."""


class L5dTcpClientTls(Model):
    """TLS to backends: who they must be, and whom to believe it."""

    dns_name: Text
    """The name that the backends' certificates must have."""
    trust_certs: Many[Text] = ()
    """Files with the certificates to trust; none are the system's."""

    def as_linker(self) -> TcpClientTls:
        """The same, as a linkerd file has it."""
        return TcpClientTls(common_name=self.dns_name, trust_certs_bundle=self.trust_certs)


class FailFast(Model):
    """When an endpoint is left alone, and for how long."""

    max_consecutive_failures: Positive = 5
    """Failures in a row after which it is left alone."""
    failure_penalty_secs: Count = 60
    """For how many seconds."""


class L5dTcpClientKeys(Model):
    """What can be said about the clients of a linkerd-tcp file."""

    tls: L5dTcpClientTls | None = None
    """How backends are spoken to; None is plain text."""
    connect_timeout_ms: Positive | None = None
    """For one connect; None is what the server allows."""
    max_waiters: Count = 1_000_000
    """Callers that may wait for a connection at the same time; one more is closed."""
    min_connections: Count = 0
    """Connections kept ready besides those in use; for each name."""
    fail_fast: FailFast = FailFast()
    """When an endpoint is left alone."""


class L5dTcpClientEntry(L5dTcpClientKeys):
    """The clients whose name begins with `prefix`."""

    NEEDS: ClassVar[dict[str, str]] = {"prefix": "StaticWithoutPrefix: `prefix` is required here"}

    prefix: PatternField
    """Which names: an element may be `*`, or hold captures such as `{service}`."""


class L5dTcpGlobalClient(L5dTcpClientKeys, KindModel):
    """The same for all clients."""

    KIND: ClassVar[str] = "io.l5d.global"
    MOVED: ClassVar[dict[str, str]] = {"prefix": "GlobalWithPrefix: use `kind: io.l5d.static`"}


class L5dTcpStaticClient(KindModel):
    """Parameters by name."""

    KIND: ClassVar[str] = "io.l5d.static"

    configs: Many[L5dTcpClientEntry]
    """Of the entries that match, the last to set a key counts."""


class L5dTcpInterpreter(Model):
    """Where a linkerd-tcp file's names are resolved: namerd's control API, polled."""

    kind: Literal["io.l5d.namerd.http"]
    """The only one that linkerd-tcp knew."""
    base_url: Text
    """Where namerd's control API is, such as `http://namerd:4180`."""
    namespace: Text
    """The dtab that binds names."""
    period_secs: Number
    """Seconds between two look-ups of a name; a fraction is fine."""

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
    """What metrics, logs and the admin page call it."""
    interpreter: L5dTcpInterpreter
    """Where its names are resolved."""
    servers: Many[L5dTcpServer]
    """Where connections come in; at least one."""
    client: (
        Annotated[L5dTcpGlobalClient | L5dTcpStaticClient, KindOf("linkerd-tcp.client")] | None
    ) = None
    """How backends are spoken to, by name; None is linkerd-tcp's defaults."""
