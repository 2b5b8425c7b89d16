"""Configuration of `http` routers.

Read by `server1`, `client1` and `stacks`; it names the families of identifiers, classifiers,
propagators and authorizers, and no kinds of them.

Source: config spec, sections 10, 13.1 and 14.
"""

from random import Random
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from linkerpy.codec.http import header_line
from linkerpy.config.fields import Count, Flag, Many, OneOrMany, Port, Positive, Text
from linkerpy.config.forwarded import AddForwardedHeader
from linkerpy.config.kinds import KindOf
from linkerpy.config.model import KindModel
from linkerpy.config.notyet import NotYet
from linkerpy.config.rolling import RollPolicy
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.path import Path
from linkerpy.policy.verdict import Classify
from linkerpy.router.config import (
    ClientKeys,
    RouterConfig,
    ServerConfig,
    ServiceKeys,
    StaticEntry,
    overlay,
)


class IdentifierConfig(KindModel):
    """An identifier: what a request asks for, as a name."""

    def build(self, prefix: Path, base_dtab: Dtab) -> Any:
        """The identifier; its names begin with `prefix`."""
        raise NotImplementedError(type(self).__name__)


class ClassifierConfig(KindModel):
    """A response classifier: what is a success, and what is worth a retry."""

    def build(self) -> Classify:
        """The classifier."""
        raise NotImplementedError(type(self).__name__)


class PropagatorConfig(KindModel):
    """A trace propagator: which headers carry trace ids."""

    def build(self, chance: Random) -> Any:
        """The propagator."""
        raise NotImplementedError(type(self).__name__)


class AuthorizerConfig(KindModel):
    """A request authorizer: asks whether a request may go on."""


def _header_name(name: str) -> str:
    try:
        header_line(name.encode("utf-8"), b"")
    except ValueError as error:
        raise ValueError("must be the name of a header") from error
    return name


class HttpServer(ServerConfig):
    """A server of an `http` router."""

    port: Port = 4140
    """Where it listens; 0 is any free port."""
    add_forwarded_header: AddForwardedHeader | None = None
    """Tell backends by `Forwarded` who called; None is not to."""
    timestamp_header: Annotated[Text, AfterValidator(_header_name)] | None = None
    """A header that tells backends when the request came, in milliseconds of the epoch."""
    max_call_depth: Count = 1000
    """Proxies a request may have come through, by its `Via`; more are taken for a loop."""


class HttpClientKeys(ClientKeys):
    """What can be said about the clients of an `http` router."""

    REMOVED: ClassVar[dict[str, str]] = {"loggers": "write `requestAuthorizers`"}

    forward_client_cert: Flag = False
    """Whether `x-forwarded-client-cert` tells backends of the caller's certificate."""
    request_authorizers: Annotated[
        Many[Annotated[AuthorizerConfig, KindOf("http.authorizer")]],
        NotYet("request authorizers", inert=((),)),
    ] = ()


class HttpClientEntry(HttpClientKeys, StaticEntry):
    """The clients whose bound name begins with `prefix`."""


class HttpGlobalClient(HttpClientKeys, KindModel):
    """The same for all clients."""

    KIND: ClassVar[str] = "io.l5d.global"

    kind: Text = "io.l5d.global"

    def for_name(self, name: Path) -> HttpClientKeys:
        """The parameters of the client of a bound name."""
        return self


class HttpStaticClient(KindModel):
    """Parameters by bound name."""

    KIND: ClassVar[str] = "io.l5d.static"

    configs: Many[HttpClientEntry]
    """Of the entries that match, the last to set a key counts."""

    def for_name(self, name: Path) -> HttpClientKeys:
        """The parameters of the client of a bound name."""
        return overlay(HttpClientKeys, self.configs, name)


class HttpServiceKeys(ServiceKeys):
    """What can be said about the services of an `http` router."""

    response_classifier: Annotated[ClassifierConfig, KindOf("http.classifier")] | None = None
    """None is `io.l5d.http.nonRetryable5XX`."""


class HttpServiceEntry(HttpServiceKeys, StaticEntry):
    """The services whose name begins with `prefix`."""


class HttpGlobalService(HttpServiceKeys, KindModel):
    """The same for all services."""

    KIND: ClassVar[str] = "io.l5d.global"

    kind: Text = "io.l5d.global"

    def for_name(self, name: Path) -> HttpServiceKeys:
        """The parameters of the service of a logical name."""
        return self


class HttpStaticService(KindModel):
    """Parameters by logical name."""

    KIND: ClassVar[str] = "io.l5d.static"

    configs: Many[HttpServiceEntry]
    """Of the entries that match, the last to set a key counts."""

    def for_name(self, name: Path) -> HttpServiceKeys:
        """The parameters of the service of a logical name."""
        return overlay(HttpServiceKeys, self.configs, name)


HttpClient = HttpGlobalClient | HttpStaticClient
HttpService = HttpGlobalService | HttpStaticService


class HttpRouter(RouterConfig):
    """A router for HTTP/1.x."""

    KIND: ClassVar[str] = "http"
    SERVER: ClassVar[type[ServerConfig]] = HttpServer
    REMOVED: ClassVar[dict[str, str]] = {
        "engine": "there is only one",
        "maxChunkKB": "bodies are streamed, chunk by chunk",
        "maxRequestKB": "bodies are streamed; see `streamAfterContentLengthKB`",
        "maxResponseKB": "bodies are streamed; see `streamAfterContentLengthKB`",
    }

    servers: Many[HttpServer] = ()
    """Where requests come in; at least one."""
    client: Annotated[HttpClient, KindOf("http.client", default="io.l5d.global")] = (
        HttpGlobalClient()
    )
    """How backends are spoken to, by bound name."""
    service: Annotated[HttpService, KindOf("http.service", default="io.l5d.global")] = (
        HttpGlobalService()
    )
    """What is promised to callers, by logical name."""
    identifier: OneOrMany[Annotated[IdentifierConfig, KindOf("http.identifier")]] | None = None
    """Asked in turn until one knows; None is `io.l5d.header.token`."""
    max_headers_kb: Positive = 8
    """Largest block of header fields, of requests and responses."""
    max_initial_line_kb: Positive = 4
    """Longest request or status line."""
    max_err_response_kb: Positive = 5120
    """Longest text of an error response made here."""
    streaming_enabled: Flag = True
    """If not, every message waits for the whole of its body."""
    stream_after_content_length_kb: Count | None = None
    """Request bodies up to this size are waited for, and can be sent again; None is 5."""
    compression_level: Annotated[int, Field(ge=-1, le=9)] = -1
    """Of responses: -1 for text only, 0 for never, 1 to 9 for every type."""
    http_access_log: Text | None = None
    """A file that gets a line for each request; None is no log."""
    http_access_log_roll_policy: RollPolicy = "never"
    """When the file is put aside for a new one: never, by time, or by size."""
    http_access_log_append: Flag = True
    """Whether a file that is there is added to, not emptied."""
    http_access_log_rotate_count: int = -1
    """How many rolled files are kept; a negative number is all."""
    trace_propagator: Annotated[PropagatorConfig, KindOf("http.propagator")] | None = None
    """None is `io.l5d.default`."""

    @field_validator("identifier")
    @classmethod
    def _at_least_one(cls, identifier: Any) -> Any:
        if identifier == ():
            raise ValueError("empty identifier list")
        return identifier

    @model_validator(mode="after")
    def _streams_or_not(self) -> Self:
        if not self.streaming_enabled and self.stream_after_content_length_kb is not None:
            raise ValueError(
                "Conflicting streaming options set. Can't disable streaming and set "
                f"streamAfterContentLengthKB in {self.name}"
            )
        return self

    @property
    def short_body_bytes(self) -> int:
        """Most bytes of a request body that is waited for."""
        kilobytes = self.stream_after_content_length_kb
        return (5 if kilobytes is None else kilobytes) * 1024

    @property
    def max_headers_bytes(self) -> int:
        """Most bytes of a head's fields."""
        return self.max_headers_kb * 1024

    @property
    def max_initial_line_bytes(self) -> int:
        """Most bytes of a request or status line."""
        return self.max_initial_line_kb * 1024

    @property
    def max_err_response_bytes(self) -> int:
        """Most bytes of the body of an error response made here."""
        return self.max_err_response_kb * 1024
