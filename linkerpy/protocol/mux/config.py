"""Configuration of `mux` routers, which have common keys only.

Source: config spec, section 12.
"""

from typing import Annotated, ClassVar

from linkerpy.config.fields import Many, Port
from linkerpy.config.kinds import KindOf
from linkerpy.router.config import (
    GlobalClient,
    GlobalService,
    RouterConfig,
    ServerConfig,
    StaticClient,
    StaticService,
)


class MuxServer(ServerConfig):
    """A server of a `mux` router."""

    port: Port = 4141


class MuxRouter(RouterConfig):
    """A router for Mux."""

    KIND: ClassVar[str] = "mux"
    NOT_YET: ClassVar[str] = "Mux"
    SERVER: ClassVar[type[ServerConfig]] = MuxServer

    servers: Many[MuxServer] = ()
    """Where requests come in; at least one."""
    client: Annotated[GlobalClient | StaticClient, KindOf("client", default="io.l5d.global")] = (
        GlobalClient()
    )
    """How backends are spoken to, by bound name."""
    service: Annotated[
        GlobalService | StaticService, KindOf("service", default="io.l5d.global")
    ] = GlobalService()
    """What is promised to callers, by logical name."""
