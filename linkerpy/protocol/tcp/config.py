"""Configuration of `tcp` routers.

`TcpRouter` is a router among others in a linkerd file: it has dtab, namers and admin like any, and
its servers' keys are linkerd-tcp's and some of linkerpy's own. linkerd-tcp's own files are in
`linkerd_tcp`.

Source: dataplane spec, section 8.1.
"""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)

from linkerpy.config.fields import (
    Count,
    Flag,
    Many,
    PathField,
    Positive,
    Text,
    as_text,
)
from linkerpy.config.kinds import KindOf
from linkerpy.config.model import KindModel, key_name
from linkerpy.config.tls import AlpnName, ClientTls, ServerTls
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


def _refuse_meaningless(model: "TcpServer | TcpClientKeys") -> None:
    for attribute, instead in model.MEANINGLESS.items():
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

    MEANINGLESS: ClassVar[dict[str, str]] = {
        "timeout_ms": "write `connectTimeoutMs`, or `connectionLifetimeSecs`",
        "clear_context": "there is no context in a stream of bytes",
    }
    """Attributes that all protocols share and this one refuses, and what to do instead."""

    tls: TcpServerTls | None = None
    dst_name: DstNameField | None = None
    """Where its connections go: the whole name, as in linkerd-tcp's files.

    None is the router's `dstPrefix` and the port: `/svc/3306`. `{sni}` in it is the name that the
    caller's TLS asks for. Without `tls`, that is passed on untouched.
    """
    default_dst_name: PathField | None = None
    """Where callers go that ask for no name, or speak no TLS; None is nowhere: they are closed."""
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
    """After which a session is ended, busy or not; None is never."""
    max_concurrency: Positive = 100_000
    """Connections open at the same time; more wait in the system's queue."""
    max_waiters: Count | None = None
    """Callers that may wait for a connection at the same time; one more is closed."""

    @model_validator(mode="after")
    def _agree(self) -> Self:
        _refuse_meaningless(self)
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

    MEANINGLESS: ClassVar[dict[str, str]] = {
        "request_attempt_timeout_ms": "write `connectTimeoutMs`",
        "requeue_budget": "only failed connects are tried again, which costs no budget",
    }
    """Attributes that all protocols share and this one refuses, and what to do instead."""

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
        _refuse_meaningless(self)
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
    """Of the entries that match, the last to set a key counts."""

    def for_name(self, name: Path) -> TcpClientKeys:
        """The parameters of the client of a bound name."""
        return overlay(TcpClientKeys, self.configs, name)


class TcpRouter(RouterConfig):
    """A router for TCP connections. It has no services: nothing is retried."""

    KIND: ClassVar[str] = "tcp"
    SERVER: ClassVar[type[ServerConfig]] = TcpServer

    servers: Many[TcpServer] = ()
    """Where connections come in; at least one."""
    client: Annotated[
        TcpGlobalClient | TcpStaticClient, KindOf("tcp.client", default="io.l5d.global")
    ] = TcpGlobalClient()
    """How backends are spoken to, by bound name."""

    def name_of(self, server: TcpServer) -> DstName:
        """Where the connections of one of its servers go."""
        default = self.dst_prefix + Path.of(str(server.port))
        return server.dst_name or DstName(default.show(), default)
