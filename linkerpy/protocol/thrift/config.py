"""Configuration of `thrift` and `thriftmux` routers.

Source: config spec, section 12.
"""

from typing import Annotated, ClassVar, Literal

from linkerpy.config.fields import Flag, Many, Port, Text
from linkerpy.config.kinds import KindOf
from linkerpy.config.model import KindModel
from linkerpy.naming.path import Path
from linkerpy.router.config import (
    ClientKeys,
    GlobalService,
    RouterConfig,
    ServerConfig,
    StaticEntry,
    StaticService,
    overlay,
)

_ON_ROUTER: dict[str, str] = {"thriftProtocol": "write it on the router"}


class ThriftServer(ServerConfig):
    """A server of a `thrift` router."""

    MOVED: ClassVar[dict[str, str]] = _ON_ROUTER

    port: Port = 4114
    thrift_framed: Flag = True
    """Whether each message has its length in front of it."""


class ThriftMuxServer(ThriftServer):
    """A server of a `thriftmux` router."""

    port: Port = 4144


class ThriftClientKeys(ClientKeys):
    """What can be said about the clients of a `thrift` or `thriftmux` router."""

    MOVED: ClassVar[dict[str, str]] = {**ClientKeys.MOVED, **_ON_ROUTER}

    thrift_framed: Flag = True
    """Whether each message has its length in front of it."""
    attempt_t_twitter_upgrade: Flag = False
    """Whether backends are asked if they take Twitter's headers."""


class ThriftClientEntry(ThriftClientKeys, StaticEntry):
    """The clients whose bound name begins with `prefix`."""


class ThriftGlobalClient(ThriftClientKeys, KindModel):
    """The same for all clients."""

    KIND: ClassVar[str] = "io.l5d.global"

    kind: Text = "io.l5d.global"

    def for_name(self, name: Path) -> ThriftClientKeys:
        """The parameters of the client of a bound name."""
        return self


class ThriftStaticClient(KindModel):
    """Parameters by bound name."""

    KIND: ClassVar[str] = "io.l5d.static"

    configs: Many[ThriftClientEntry]
    """Of the entries that match, the last to set a key counts."""

    def for_name(self, name: Path) -> ThriftClientKeys:
        """The parameters of the client of a bound name."""
        return overlay(ThriftClientKeys, self.configs, name)


class ThriftRouter(RouterConfig):
    """A router for Thrift."""

    KIND: ClassVar[str] = "thrift"
    NOT_YET: ClassVar[str] = "Thrift"
    SERVER: ClassVar[type[ServerConfig]] = ThriftServer

    servers: Many[ThriftServer] = ()
    """Where requests come in; at least one."""
    client: Annotated[
        ThriftGlobalClient | ThriftStaticClient, KindOf("thrift.client", default="io.l5d.global")
    ] = ThriftGlobalClient()
    """How backends are spoken to, by bound name."""
    service: Annotated[
        GlobalService | StaticService,
        KindOf("service", default="io.l5d.global"),
    ] = GlobalService()
    """What is promised to callers, by logical name."""
    thrift_method_in_dst: Flag = False
    """Whether the method's name is put behind the service's."""
    thrift_protocol: Literal["binary", "compact"] = "binary"
    """How callers and backends encode values."""


class ThriftMuxRouter(ThriftRouter):
    """A router that takes ThriftMux and sends Thrift."""

    KIND: ClassVar[str] = "thriftmux"
    NOT_YET: ClassVar[str] = "ThriftMux"
    EXPERIMENTAL: ClassVar[str] = "thriftmux protocol"
    SERVER: ClassVar[type[ServerConfig]] = ThriftMuxServer

    servers: Many[ThriftMuxServer] = ()
