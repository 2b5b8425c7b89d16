"""Telemeter: what a telemeter's configuration builds."""

from collections.abc import Callable
from dataclasses import dataclass, field

from linkerpy.core.closable import NOTHING, Closable
from linkerpy.net.web import Pages
from linkerpy.telemetry.tracing import Tracer


def _nothing() -> Closable:
    return NOTHING


def _drained(done: Callable[[], None]) -> None:
    done()


@dataclass(frozen=True, slots=True)
class Telemeter:
    """An exporter, ready to run."""

    pages: Pages = field(default_factory=dict)
    """What it adds to the admin pages."""

    tracer: Tracer | None = None
    """How it takes part in tracing."""

    run: Callable[[], Closable] = _nothing
    """Begins to export by itself, once the admin server is up; closing ends it.

    Raises: OSError if the machine does not let it.
    """

    drain: Callable[[Callable[[], None]], None] = _drained
    """Sends what is left, at the end; calls when that is done or given up. Then it is closed."""
