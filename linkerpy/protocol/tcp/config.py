"""Configuration of `tcp` routers, and of routers in linkerd-tcp's own files.

`TcpRouter` is a router among others in a linkerd file: it has dtab, namers and admin like any, and
its servers' keys are linkerd-tcp's and some of linkerpy's own. The classes named `L5dTcp…` are the
objects of a linkerd-tcp file, whose names namerd resolves.

Source: dataplane spec, section 8.1.
"""

from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from linkerpy.config.fields import (
    Count,
    Flag,
    Ip,
    Many,
    Number,
    PathField,
    PatternField,
    Port,
    Positive,
    Text,
    as_text,
)
from linkerpy.config.kinds import KindOf
from linkerpy.config.model import KindModel, Model, key_name
from linkerpy.config.tls import AlpnName, Certificate, ClientTls, ServerName, ServerTls
from linkerpy.naming.path import Path
from linkerpy.protocol.tcp.dst_name import DstName
from linkerpy.router.config import ClientKeys, RouterConfig, ServerConfig, StaticEntry, overlay


def _dst_name(value: Any) -> DstName:
    if isinstance(value, DstName):
        return value
    text = as_text(value)
    if not isinstance(text, str):
        raise ValueError("must be text")
    return DstName.parse(text)


DstNameField = Annotated[
    DstName,
    PlainValidator(_dst_name),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "pattern": "^\\s*/"}),
]
"""A path that may hold `{sni}`."""


def _refuse(model: Model, keys: dict[str, str]) -> None:
    """Refuse keys that all protocols share, but that mean nothing for TCP."""
    for attribute, instead in keys.items():
        if attribute in model.model_fields_set:
            raise ValueError(f"`{key_name(attribute)}` means nothing for TCP: {instead}")


class TcpServerTls(ServerTls):
    """A TCP server's certificate, and what it speaks."""

    alpn_protocols: Many[AlpnName] = ()
    """What is spoken inside, best first, for clients that ask by ALPN."""


class TcpClientTls(ClientTls):
    """How a TCP client speaks TLS."""

    alpn_protocols: Many[AlpnName] = ()
    """What to offer by ALPN, best first."""


class TcpServer(ServerConfig):
    """A server of a `tcp` router.

    `maxConcurrency` is how many connections it accepts: more wait in the system's queue. With
    `maxConcurrentRequests` it closes those that are too many. `serverSession` limits how long a
    session may be idle and last.
    """

    tls: TcpServerTls | None = None
    dst_name: DstNameField | None = None
    """Where its connections go: the whole name, as in linkerd-tcp's files.

    None is the router's `dstPrefix` and the port: `/svc/3306`. `{sni}` in it is the name that the
    caller's TLS asks for. Without `tls`, that is passed on untouched.
    """
    default_dst_name: PathField | None = None
    """Where callers go that ask for no name, or speak no TLS; None closes their connections."""
    hello_timeout_ms: Positive = 5000
    """For what is read before routing: a PROXY header, a ClientHello. Each has so long."""
    accept_proxy_protocol: Flag = False
    """Every connection must begin with a PROXY header, version 1 or 2, that tells who calls.

    Whoever can connect can claim anything in it: only for servers behind a proxy.
    """
    connect_timeout_ms: Positive | None = None
    """For waiting and connecting; before that, as much for the TLS handshake of the caller.

    Where it is given and no endpoint can be connected to, that is tried again until then.
    """
    connection_lifetime_secs: Positive | None = None
    max_concurrency: Positive = 100_000
    max_waiters: Count | None = None
    """Callers that may wait for a connection at the same time; one more is closed."""

    @model_validator(mode="after")
    def _agree(self) -> Self:
        _refuse(
            self,
            {
                "timeout_ms": "write `connectTimeoutMs`, or `connectionLifetimeSecs`",
                "clear_context": "there is no context in a stream of bytes",
            },
        )
        if self.accept_proxy_protocol and self.tls is not None:
            raise ValueError(
                "`acceptProxyProtocol` together with `tls` is not supported yet: "
                "the header would come before the handshake"
            )
        wants_sni = self.dst_name is not None and self.dst_name.wants_sni
        if self.default_dst_name is not None and not wants_sni:
            raise ValueError("`defaultDstName` is of use only with `{sni}` in `dstName`")
        return self


GREETS_BEFORE_TLS = (
    "`sendProxyProtocol` together with `tls` is not supported yet: "
    "the header would have to come before the handshake"
)


class TcpClientKeys(ClientKeys):
    """What can be said about the clients of a `tcp` router.

    Each session has a connection of its own: `hostConnectionPool` only limits their number.
    """

    tls: TcpClientTls | None = None
    connect_timeout_ms: Positive = 1000
    """For one connect; if it fails, another endpoint is tried."""
    min_connections: Count = 0
    """Connections kept ready besides those in use; for each name, not for each replica."""
    send_proxy_protocol: Literal["v1", "v2"] | None = None
    """Begin each connection with a PROXY header of that version, which tells who calls."""

    @property
    def greets_before_tls(self) -> bool:
        """Whether a PROXY header would have to precede a TLS handshake, which we cannot do."""
        return self.send_proxy_protocol is not None and self.tls is not None and self.tls.enabled

    @property
    def connect_timeout(self) -> float:
        """Seconds for one connect."""
        return self.connect_timeout_ms / 1000

    @model_validator(mode="after")
    def _agree(self) -> Self:
        _refuse(
            self,
            {
                "request_attempt_timeout_ms": "write `connectTimeoutMs`",
                "requeue_budget": "only failed connects are tried again, which costs no budget",
            },
        )
        if self.greets_before_tls:
            raise ValueError(GREETS_BEFORE_TLS)
        for attribute in ("min_size", "idle_time_ms"):
            if attribute in self.host_connection_pool.model_fields_set:
                raise ValueError(
                    f"`hostConnectionPool.{key_name(attribute)}` means nothing for TCP: "
                    "a connection serves one session, and none is kept idle"
                )
        return self


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
    SERVER: ClassVar[type[ServerConfig]] = TcpServer

    servers: Many[TcpServer] = ()
    client: Annotated[
        TcpGlobalClient | TcpStaticClient, KindOf("tcp.client", default="io.l5d.global")
    ] = TcpGlobalClient()

    def name_of(self, server: TcpServer) -> DstName:
        """Where the connections of one of its servers go."""
        default = self.dst_prefix + Path.of(str(server.port))
        return server.dst_name or DstName(default.show(), default)


class Identity(Model):
    """The files of a certificate and its chain, in this order, and of its key."""

    certs: Annotated[Many[Text], Field(min_length=1)]
    private_key: Text

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
    default_identity: Identity
    identities: dict[ServerName, Identity] = Field(default_factory=dict)

    def as_linker(self) -> TcpServerTls:
        """The same, as a linkerd file has it."""
        named = {name: Certificate(**one.keys()) for name, one in self.identities.items()}
        main = self.default_identity.keys()
        return TcpServerTls(alpn_protocols=self.alpn_protocols, identities=named, **main)


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
    """TLS to backends: who they must be, and whom to believe it."""

    dns_name: Text
    trust_certs: Many[Text] = ()

    def as_linker(self) -> TcpClientTls:
        """The same, as a linkerd file has it."""
        return TcpClientTls(common_name=self.dns_name, trust_certs_bundle=self.trust_certs)


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
