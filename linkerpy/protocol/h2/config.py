"""Configuration of `h2` routers.

It names the families of identifiers, classifiers, propagators and authorizers, and no kinds of
them.

Source: config spec, sections 11, 13.2, 13.3 and 14.
"""

from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator

from linkerpy.config.fields import Count, Flag, Many, OneOrMany, Port, Positive, Text
from linkerpy.config.forwarded import AddForwardedHeader
from linkerpy.config.kinds import KindOf
from linkerpy.config.model import KindModel, Model
from linkerpy.config.rolling import RollPolicy
from linkerpy.naming.path import Path
from linkerpy.router.config import (
    ClientKeys,
    RouterConfig,
    ServerConfig,
    ServiceKeys,
    StaticEntry,
    overlay,
)

MAX_WINDOW = 2**31 - 1


def _within(ratio: float | None) -> float | None:
    if ratio is not None and not 0 < ratio < 1:
        raise ValueError("ratio must be on (0.0, 1.0), exclusive")
    return ratio


class H2ClassifierConfig(KindModel):
    """A response classifier of HTTP/2: what is a success, and what is worth a retry."""


class H2Frames(Model):
    """Sizes of frames and windows; None is the protocol's default."""

    initial_stream_window_bytes: Annotated[int, Field(ge=0, le=MAX_WINDOW)] | None = None
    header_table_bytes: Count | None = None
    max_frame_bytes: Annotated[int, Field(ge=16_384, le=2**24 - 1)] | None = None
    max_header_list_bytes: Count | None = None
    window_update_ratio: float | None = None
    """Share of a window left at which it is opened again; None is 0.99."""

    _ratio = field_validator("window_update_ratio")(_within)


class H2Server(ServerConfig, H2Frames):
    """A server of an `h2` router."""

    port: Port = 4142
    max_concurrent_streams_per_connection: Positive = 1000
    add_forwarded_header: AddForwardedHeader | None = None
    max_call_depth: Count = 1000


class H2ClientKeys(ClientKeys, H2Frames):
    """What can be said about the clients of an `h2` router."""

    forward_client_cert: Flag = False
    request_authorizers: Many[Annotated[KindModel, KindOf("h2.authorizer")]] = ()


class H2ClientEntry(H2ClientKeys, StaticEntry):
    """The clients whose bound name begins with `prefix`."""


class H2GlobalClient(H2ClientKeys, KindModel):
    """The same for all clients."""

    KIND: ClassVar[str] = "io.l5d.global"

    kind: Text = "io.l5d.global"

    def for_name(self, name: Path) -> H2ClientKeys:
        """The parameters of the client of a bound name."""
        return self


class H2StaticClient(KindModel):
    """Parameters by bound name."""

    KIND: ClassVar[str] = "io.l5d.static"

    configs: Many[H2ClientEntry]

    def for_name(self, name: Path) -> H2ClientKeys:
        """The parameters of the client of a bound name."""
        return overlay(H2ClientKeys, self.configs, name)


class RetryBuffer(Model):
    """How much of a stream is kept so that it can be sent again."""

    request_bytes: Count = 16_383
    response_bytes: Count = 16_383


class H2ServiceKeys(ServiceKeys):
    """What can be said about the services of an `h2` router."""

    response_classifier: Annotated[H2ClassifierConfig, KindOf("h2.classifier")] | None = None
    classification_timeout_ms: Count = 100
    retry_buffer_size: RetryBuffer = RetryBuffer()


class H2ServiceEntry(H2ServiceKeys, StaticEntry):
    """The services whose name begins with `prefix`."""


class H2GlobalService(H2ServiceKeys, KindModel):
    """The same for all services."""

    KIND: ClassVar[str] = "io.l5d.global"

    kind: Text = "io.l5d.global"

    def for_name(self, name: Path) -> H2ServiceKeys:
        """The parameters of the service of a logical name."""
        return self


class H2StaticService(KindModel):
    """Parameters by logical name."""

    KIND: ClassVar[str] = "io.l5d.static"

    configs: Many[H2ServiceEntry]

    def for_name(self, name: Path) -> H2ServiceKeys:
        """The parameters of the service of a logical name."""
        return overlay(H2ServiceKeys, self.configs, name)


class H2Router(RouterConfig):
    """A router for HTTP/2 and gRPC."""

    KIND: ClassVar[str] = "h2"
    NOT_YET: ClassVar[str] = "HTTP/2"
    SERVER: ClassVar[type[ServerConfig]] = H2Server

    servers: Many[H2Server] = ()
    client: Annotated[
        H2GlobalClient | H2StaticClient, KindOf("h2.client", default="io.l5d.global")
    ] = H2GlobalClient()
    service: Annotated[
        H2GlobalService | H2StaticService, KindOf("h2.service", default="io.l5d.global")
    ] = H2GlobalService()
    identifier: OneOrMany[Annotated[KindModel, KindOf("h2.identifier")]] | None = None
    """Asked in turn until one knows; None is `io.l5d.header.token` on `:authority`."""
    h2_access_log: Text | None = None
    h2_access_log_roll_policy: RollPolicy = "never"
    h2_access_log_append: Flag = True
    h2_access_log_rotate_count: int = -1
    trace_propagator: Annotated[KindModel, KindOf("h2.propagator")] | None = None

    @field_validator("identifier")
    @classmethod
    def _at_least_one(cls, identifier: Any) -> Any:
        if identifier == ():
            raise ValueError("empty identifier list")
        return identifier
