"""Places: where a metric stands in the tree, told as a name and labels.

Dashboards want `rt:server:requests{rt="http", server="0.0.0.0/4140"}`, not one name for each router
and server. Used by the exporters that have labels (Prometheus, InfluxDB).

Source: telemetry-admin spec, sections 3.2 and 3.3.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A node's name, in parts, and the labels that were taken out of it, in order of discovery."""

    parts: tuple[str, ...] = ()
    labels: Labels = ()

    def label(self, name: str) -> str | None:
        """The value of a label."""
        return dict(self.labels).get(name)

    def with_label(self, name: str, value: str) -> "Place":
        """The same name with one label more, or with another value of one it has."""
        if self.label(name) is None:
            return Place(self.parts, (*self.labels, (name, value)))
        return Place(self.parts, tuple((n, value if n == name else v) for n, v in self.labels))

    def below(self, name: str) -> "Place":
        """The place of a child that is no label."""
        return Place((*self.parts, name), self.labels)

    def renamed(self, last: str) -> "Place":
        """The same place with another last part."""
        return Place((*self.parts[:-1], last), self.labels)


ROOT: Final = Place()

Step = Callable[[Place, str], Place]
"""The place of a child: of its parent's place and its own name."""

SCOPES: Final = ("service", "client", "server")


def scope_step(place: Place, name: str) -> Place:
    """Routers, services, clients and servers become labels; all else is a name."""
    match place.parts:
        case ("rt",) if place.label("rt") is None:
            return place.with_label("rt", name)
        case ("rt", scope) if scope in SCOPES and place.label(scope) is None:
            return place.with_label(scope, name)
        case ("rt", "client", "service") if place.label("service") is None:
            return place.with_label("service", name)
    return place.below(name)


def linkerd_step(place: Place, name: str) -> Place:
    """As `scope_step`; exceptions become a label, too, under the name of the total."""
    match place.parts:
        case ("rt", scope, "failures") if scope in SCOPES:
            return _exception(place, name)
        case ("rt", scope, "exn") if scope in SCOPES:
            return _exception(place.renamed("exceptions"), name)
    return scope_step(place, name)


def exclusive_step(place: Place, name: str) -> Place:
    """As `scope_step`; exceptions become a label under a name of their own, wherever they stand.

    `failures` stays the total alone, `failures_by_exception` is what it is made of. The place of
    `exn`, which has no total, is called `exceptions` as it is by `linkerd_step`.
    """
    match place.parts[-1:]:
        case ("failures" | "sourcedfailures" as last,):
            if last == "sourcedfailures" and place.label("source") is None:
                return place.with_label("source", name)
            return _exception(place.renamed(f"{last}{BY_EXCEPTION}"), name)
        case ("exn",):
            return _exception(place.renamed("exceptions"), name)
        case (last,) if last.endswith(BY_EXCEPTION) and place.label("exception") is not None:
            return _exception(place, name)
    return scope_step(place, name)


BY_EXCEPTION: Final = "_by_exception"


def _exception(place: Place, name: str) -> Place:
    before = place.label("exception")
    return place.with_label("exception", name if before is None else f"{before}:{name}")


_FOREIGN = re.compile(r"[^a-zA-Z0-9:]")


def joined(parts: tuple[str, ...], prefix: str = "") -> str:
    """A name in the letters that Prometheus takes, its parts divided by colons."""
    return _FOREIGN.sub("_", prefix + ":".join(parts))
