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
    """How much the other end may send on a stream before it is taken in."""
    header_table_bytes: Count | None = None
    """Size of the table by which header fields are compressed."""
    max_frame_bytes: Annotated[int, Field(ge=16_384, le=2**24 - 1)] | None = None
    """The largest frame that the other end may send."""
    max_header_list_bytes: Count | None = None
    """The largest block of header fields, uncompressed."""
    window_update_ratio: float | None = None
    """Share of a window left at which it is opened again; None is 0.99."""

    _ratio = field_validator("window_update_ratio")(_within)


class H2Server(ServerConfig, H2Frames):
    """A server of an `h2` router."""

    port: Port = 4142
    max_concurrent_streams_per_connection: Positive = 1000
    """Requests that one connection may have under way."""
    add_forwarded_header: AddForwardedHeader | None = None
    """Tell backends by `forwarded` who called; None is not to."""
    max_call_depth: Count = 1000
    """Proxies a request may have come through, by its `via`; more are taken for a loop."""


class H2ClientKeys(ClientKeys, H2Frames):
    """What can be said about the clients of an `h2` router."""

    forward_client_cert: Flag = False
    """Whether `x-forwarded-client-cert` tells backends of the caller's certificate."""
    request_authorizers: Many[Annotated[KindModel, KindOf("h2.authorizer")]] = ()
    """Asked in turn whether a request may go on."""


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
    """Of the entries that match, the last to set a key counts."""

    def for_name(self, name: Path) -> H2ClientKeys:
        """The parameters of the client of a bound name."""
        return overlay(H2ClientKeys, self.configs, name)


class RetryBuffer(Model):
    """How much of a stream is kept so that it can be sent again."""

    request_bytes: Count = 16_383
    """Longer requests are not sent again."""
    response_bytes: Count = 16_383
    """Longer responses are passed on before they end, and lead to no retry."""


class H2ServiceKeys(ServiceKeys):
    """What can be said about the services of an `h2` router."""

    response_classifier: Annotated[H2ClassifierConfig, KindOf("h2.classifier")] | None = None
    """None is `io.l5d.h2.nonRetryable5XX`."""
    classification_timeout_ms: Count = 100
    """How long a response may be held back to see how it ends."""
    retry_buffer_size: RetryBuffer = RetryBuffer()
    """How much of a stream is kept so that it can be sent again."""


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
    """Of the entries that match, the last to set a key counts."""

    def for_name(self, name: Path) -> H2ServiceKeys:
        """The parameters of the service of a logical name."""
        return overlay(H2ServiceKeys, self.configs, name)


class H2Router(RouterConfig):
    """A router for HTTP/2 and gRPC."""

    KIND: ClassVar[str] = "h2"
    NOT_YET: ClassVar[str] = "HTTP/2"
    SERVER: ClassVar[type[ServerConfig]] = H2Server

    servers: Many[H2Server] = ()
    """Where requests come in; at least one."""
    client: Annotated[
        H2GlobalClient | H2StaticClient, KindOf("h2.client", default="io.l5d.global")
    ] = H2GlobalClient()
    """How backends are spoken to, by bound name."""
    service: Annotated[
        H2GlobalService | H2StaticService, KindOf("h2.service", default="io.l5d.global")
    ] = H2GlobalService()
    """What is promised to callers, by logical name."""
    identifier: OneOrMany[Annotated[KindModel, KindOf("h2.identifier")]] | None = None
    """Asked in turn until one knows; None is `io.l5d.header.token` on `:authority`."""
    h2_access_log: Text | None = None
    """A file that gets a line for each request; None is no log."""
    h2_access_log_roll_policy: RollPolicy = "never"
    """When the file is put aside for a new one: never, by time, or by size."""
    h2_access_log_append: Flag = True
    """Whether a file that is there is added to, not emptied."""
    h2_access_log_rotate_count: int = -1
    """How many rolled files are kept; a negative number is all."""
    trace_propagator: Annotated[KindModel, KindOf("h2.propagator")] | None = None
    """None is `io.l5d.default`."""

    @field_validator("identifier")
    @classmethod
    def _at_least_one(cls, identifier: Any) -> Any:
        if identifier == ():
            raise ValueError("empty identifier list")
        return identifier
