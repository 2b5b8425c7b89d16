"""The configuration files: linkerd's, namerd's and linkerd-tcp's, told apart by their shape.

`load` is how everything reads a file: `tap`, and the tools in `cli`. A file is wholly right, or a
`ConfigError` holds all that is wrong with it.

Source: config spec, sections 2 to 5; dataplane spec, section 8.1.
"""

import re
import sys
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, PlainValidator, WithJsonSchema, field_validator

from linkerpy.app.across import items, namerd_mistakes, router_mistakes
from linkerpy.config import yaml
from linkerpy.config.connection import SocketOptions
from linkerpy.config.fields import Count, Flag, Ip, Many, Port, Positive, Text
from linkerpy.config.jsonschema import describe
from linkerpy.config.kinds import REGISTRY, BrokenKindError, DuplicateKindError, KindOf
from linkerpy.config.loading import Reading, read
from linkerpy.config.model import Model
from linkerpy.config.notyet import NotYet
from linkerpy.config.report import ConfigError, Mistake
from linkerpy.config.source import START, Source, SourceError
from linkerpy.config.tls import ServerTls
from linkerpy.plugins import BUILTIN
from linkerpy.protocol.tcp.linkerd_tcp import L5dTcpRouter
from linkerpy.router.config import RouterConfig
from linkerpy.router.families import InterfaceConfig, NamerConfig, StoreConfig, TelemeterConfig

NO_ROUTERS = "At least one router must be specified in the configuration."


def _is_regex(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return pattern


Regex = Annotated[Text, AfterValidator(_is_regex)]


MOST_WORKERS = 256


def _workers(value: Any) -> int | str:
    if value == "auto":
        return "auto"
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_WORKERS:
        raise ValueError(f"must be a number of processes, 1 to {MOST_WORKERS}, or `auto`")
    return int(value)


Workers = Annotated[
    int | Literal["auto"],
    PlainValidator(_workers),
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 1, "maximum": MOST_WORKERS}, {"const": "auto"}]}
    ),
]
"""A number of processes. linkerpy's own."""


class Security(Model):
    """Which admin pages are served; the lists hold expressions for whole paths."""

    ui_enabled: Flag = True
    """The dashboard, the delegator, the metrics as JSON, and their files."""
    control_enabled: Flag = True
    """`/admin/shutdown`, `/admin/reload` and changes of log levels.

    Left out, they are for callers on this machine; written out, for all.
    """
    diagnostics_enabled: Flag = True
    """Everything else."""
    path_whitelist: Many[Regex] = ()
    """Paths that are served although their kind is not."""
    path_blacklist: Many[Regex] = ()
    """Paths that are not served although their kind is."""

    @property
    def control_for_all(self) -> bool:
        """Whether the file says so in so many words: the default is for this machine alone."""
        return self.control_enabled and "control_enabled" in self.model_fields_set


class CommonAdmin(Model):
    """The admin server, as linkerd and namerd have it."""

    ip: Ip = "127.0.0.1"
    """The address it listens on; whoever reaches it can do what `security` leaves open."""
    port: Port = 9990
    """Where it listens."""
    socket_options: SocketOptions = SocketOptions()
    """Of the listening socket and of the connections it accepts."""
    shutdown_grace_ms: Count = 10_000
    """How long work under way may take when the process ends."""
    security: Security | None = None
    """None is everything open."""
    tls: ServerTls | None = None
    """None is plain text."""
    worker_threads: Positive = 2
    """Without effect: there are no admin threads."""

    @property
    def shutdown_grace(self) -> float:
        """Seconds that a shutdown waits for work under way."""
        return self.shutdown_grace_ms / 1000


class Admin(CommonAdmin):
    """linkerd's admin server."""

    http_identifier_port: Annotated[Port | None, NotYet("the identifier port")] = None


class NamerdAdmin(CommonAdmin):
    """namerd's admin server."""

    port: Port = 9991


class Usage(Model):
    """linkerd's usage reports: accepted, and nothing is ever sent."""

    org_id: Text | None = None
    """Without effect."""
    enabled: Flag = True
    """Without effect."""


class Linker(Model):
    """A linkerd file."""

    NEEDS: ClassVar[dict[str, str]] = {"routers": NO_ROUTERS}
    MOVED: ClassVar[dict[str, str]] = {
        "baseDtab": "write `dtab` in each router",
        "tracers": "write tracers under `telemetry`",
    }

    routers: Many[Annotated[RouterConfig, KindOf("protocol", key="protocol")]]
    """At least one."""
    namers: Many[Annotated[NamerConfig, KindOf("namer")]] = ()
    """In file order; the last whose prefix matches is asked first."""
    admin: Admin = Admin()
    """The admin page and its API."""
    telemetry: Many[Annotated[TelemeterConfig, KindOf("telemeter")]] = ()
    """Where metrics and traces go."""
    usage: Usage | None = None
    """Accepted, and nothing is ever sent."""
    workers: Workers = 1
    """How many processes serve; `auto` is one for each processor."""

    @field_validator("routers")
    @classmethod
    def _at_least_one(cls, routers: Any) -> Any:
        if not routers:
            raise ValueError(NO_ROUTERS)
        return routers


class Namerd(Model):
    """A namerd file."""

    NEEDS: ClassVar[dict[str, str]] = {"interfaces": "'interfaces' field is required"}

    storage: Annotated[StoreConfig, KindOf("store")]
    """Where dtabs are kept."""
    interfaces: Many[Annotated[InterfaceConfig, KindOf("iface")]]
    """How routers ask."""
    namers: Many[Annotated[NamerConfig, KindOf("namer", gated=False)]] = ()
    """What the dtabs' names lead to; their prefixes must not overlap."""
    telemetry: Many[Annotated[TelemeterConfig, KindOf("telemeter")]] = ()
    """Where metrics go."""
    admin: NamerdAdmin = NamerdAdmin()
    """The admin page and its API."""

    @field_validator("interfaces")
    @classmethod
    def _at_least_one(cls, interfaces: Any) -> Any:
        if not interfaces:
            raise ValueError("One or more interfaces must be specified")
        return interfaces


class LinkerTcpAdmin(Model):
    """linkerd-tcp's admin server."""

    ip: Ip = "127.0.0.1"
    """The address it listens on; whoever reaches it can end the process."""
    port: Port = 9989
    """Where it listens."""
    metrics_interval_secs: Positive = 60
    """Seconds between two gatherings of what `/metrics` shows."""
    grace_secs: Count = 10
    """How long sessions may take to end when the process does."""


class LinkerTcp(Model):
    """A linkerd-tcp file."""

    NEEDS: ClassVar[dict[str, str]] = {"routers": NO_ROUTERS}
    MOVED: ClassVar[dict[str, str]] = {
        "proxies": "this is how linkerd-tcp was configured before 0.1.1; write each as a router, "
        "with `namerd.url` as `interpreter.baseUrl` and `namerd.path` as its servers' `dstName`"
    }

    routers: Many[L5dTcpRouter]
    """At least one."""
    admin: LinkerTcpAdmin = LinkerTcpAdmin()
    """linkerd-tcp's own pages, and linkerpy's dashboard."""
    buffer_size_bytes: Positive = 16_384
    """Without effect: bytes are passed on within the kernel, or in pieces as they come."""
    workers: Workers = 1
    """How many processes serve; `auto` is one for each processor."""

    @field_validator("routers")
    @classmethod
    def _at_least_one(cls, routers: Any) -> Any:
        if not routers:
            raise ValueError(NO_ROUTERS)
        return routers


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration file without mistakes."""

    config: Linker | LinkerTcp
    source: Source
    warnings: list[Mistake]


def load(file: str) -> Loaded:
    """Read a file, or standard input for `-`.

    Raises: ConfigError.
    """
    name = "<stdin>" if file == "-" else file
    try:
        text = yaml.decode(_bytes(file))
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(name, [Mistake(START, f"cannot be read: {reason}")]) from None
    except SourceError as error:
        raise ConfigError(name, [Mistake(error.spot, error.message)]) from None
    return loads(name, text)


def loads(name: str, text: str) -> Loaded:
    """Read a text; `name` is what its mistakes call it.

    Raises: ConfigError.
    """
    reading = check(name, text)
    if reading.mistakes or not isinstance(reading.model, Linker | LinkerTcp):
        raise ConfigError(name, reading.mistakes, reading.warnings)
    return Loaded(reading.model, reading.source, sorted(set(reading.warnings)))


def check(name: str, text: str) -> Reading[Any]:
    """Read a text as far as it goes; mistakes and warnings are in the result, in no order.

    Raises: ConfigError when the text is no mapping, so that there is nothing to go by, or when a
    plugin is broken.
    """
    try:
        install()
        source = yaml.parse(name, text)
        if not isinstance(source.value, dict):
            start = source.value_spot(())
            raise SourceError("the file must be a mapping, such as `routers:`", start)
        return _check(source)
    except SourceError as error:
        raise ConfigError(name, [Mistake(error.spot, error.message)]) from None
    except (BrokenKindError, DuplicateKindError) as error:
        raise ConfigError(name, [Mistake(START, f"a plugin is broken: {error}")]) from error


def _check(source: Source) -> Reading[Any]:
    shape = shape_of(source.value)
    reading: Reading[Any] = read(shape, source, unbuilt=shape is Namerd)
    if shape is Namerd:
        refusal = "namerd files are not supported yet"
        reading.mistakes.append(Mistake(source.value_spot(()), refusal))
    reading.mistakes += namerd_mistakes(source) if shape is Namerd else router_mistakes(source)
    return reading


def shape_of(value: dict[str, Any]) -> type[Linker] | type[Namerd] | type[LinkerTcp]:
    """Which program a file was written for."""
    if "routers" not in value and ("storage" in value or "interfaces" in value):
        return Namerd
    routers = [router for router in items(value.get("routers")) if isinstance(router, dict)]
    if (
        "bufferSizeBytes" in value
        or "proxies" in value
        or any(_is_l5d_tcp(router) for router in routers)
    ):
        return LinkerTcp
    return Linker


def _is_l5d_tcp(router: dict[str, Any]) -> bool:
    if "protocol" in router:
        return False
    interpreter = router.get("interpreter")
    if isinstance(interpreter, dict) and ("baseUrl" in interpreter or "periodSecs" in interpreter):
        return True
    return any(isinstance(s, dict) and "dstName" in s for s in items(router.get("servers")))


@cache
def install() -> None:
    """Make the built-in kinds and those of installed packages known.

    Raises: DuplicateKindError, BrokenKindError.
    """
    REGISTRY.install(BUILTIN)
    REGISTRY.install_entry_points()


def to_json(config: Model) -> dict[str, Any]:
    """The configuration as `/config.json` shows it: what the file says, secrets masked."""
    return config.model_dump(mode="json", by_alias=True, exclude_unset=True)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of all files."""
    install()
    return describe("linkerpy configuration", [Linker, Namerd, LinkerTcp])


def _bytes(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read(yaml.MAX_BYTES + 1)
    with open(file, "rb") as opened:
        return opened.read(yaml.MAX_BYTES + 1)
