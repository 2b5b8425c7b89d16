"""What the admin pages know of the process: filled in by `app`, asked by every page."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from twisted.internet.defer import Deferred

from linkerpy.admin.history import History
from linkerpy.admin.lately import Lately
from linkerpy.core.closable import Closable
from linkerpy.net.tls_failures import TlsFailure
from linkerpy.telemetry.metrics import Metrics

Json = dict[str, Any]
Explained = Callable[[Json | None, BaseException | None], None]
"""Told once: a delegation tree, or why there is none."""

Explain = Callable[[str, str, Explained], Closable]
"""`explain(dtab, path, told)`; both are text that parses. Closing gives up."""


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What came of a reload: what it did, or everything that is wrong with the file."""

    good: bool
    text: str


def _unable() -> Reloaded:
    return Reloaded(good=False, text="there is no file to read again\n")


@dataclass(frozen=True, slots=True)
class RouterView:
    """A router, as the pages see it."""

    label: str
    protocol: str
    dtab: str
    servers: list[str]
    explain: Explain | None
    """None when the router's interpreter cannot explain itself."""
    clients: Callable[[], dict[str, Json]]
    """Client id to its state and addresses."""
    names: Callable[[], Iterator[Json]]
    """The names it follows, as `linkerpy.router.view` tells them."""
    client: Callable[[str], Json | None]
    """The state and the endpoints of a client by its id; None: there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessState:
    """The process as such, as the pages see it."""

    metrics: Metrics
    history: History
    """The routers' last minutes."""
    lately: Lately
    """Their members' last minute."""
    labels: Callable[[], Mapping[str, str]]
    """The routers' labels, in their order, with their protocols."""
    config_json: Callable[[], Json]
    version: str
    started: float
    """Seconds since the epoch."""
    uptime: Callable[[], float]
    """Seconds since then, whatever became of the wall clock."""
    shut_down: Callable[[float | None], None]
    """Ends the process; seconds of grace, None for the configured ones."""
    ready: Callable[[], bool]
    reload: Callable[[], "Reloaded | Deferred[Reloaded]"] = _unable
    """Reads the configuration again, and applies it if it will do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminState(ProcessState):
    """The process and the routers in it."""

    routers: Callable[[], list[RouterView]]
    bound_names: Callable[[Callable[[list[str]], None]], Closable]
    explain_system: Explain
    """Explains names without any configured namer."""
    namers: Sequence[str] = ()
    """The prefixes of the configured namers, as in `/#/io.l5d.fs`."""
    states: Mapping[str, Callable[[], Json]] = field(default_factory=dict)
    """State pages by path: what each shows."""
    tls_failures: Iterable[TlsFailure] = ()
    """The latest, newest first."""
