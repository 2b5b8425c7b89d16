"""What the dashboard shows: `/ui/traffic.json`, and `/ui/members.json`.

The first is small: the routers' figures as points in time, and the process's. The second has a row
for each server, service and client; it is made in short turns, once for all who ask at that moment.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from twisted.internet.defer import Deferred

from linkerpy.admin.history import KINDS, Point, children, counted, gauged, recent
from linkerpy.admin.state import Json, ProcessState
from linkerpy.core.clock import Clock
from linkerpy.net.gradual import SharedText
from linkerpy.net.web import JSON, Answer, Asked, Page, as_json
from linkerpy.telemetry.metrics import Metrics, Node, Stat

LATENCY_AGE: Final = 5.0
"""Seconds for which a row's percentiles are shown before they are worked out anew: that takes a
tenth of a millisecond, for figures of the last ten to twenty seconds."""

COLUMNS: Final = (
    "name",
    "requests",
    "success",
    "failures",
    "retries",
    "pending",
    "connections",
    "received",
    "sent",
    "available",
    "size",
    "p50",
    "p95",
    "p99",
)


def traffic_page(state: ProcessState, clock: Clock) -> Page:
    """The page; with `since`, a moment that it told before, only the points after that."""

    def page(asked: Asked) -> Answer:
        try:
            since = float(asked.args.get("since", 0))
        except ValueError:
            return as_json({"error": "since must be a number"}, 400)
        return as_json(
            {
                "now": round(clock.seconds(), 3),
                "started": state.started,
                "columns": Point._fields,
                "process": _process(state.metrics),
                "routers": [
                    {
                        "label": label,
                        "protocol": protocol,
                        "points": state.history.since(label, since),
                        "causes": _causes(state.metrics.scope("rt", label)),
                    }
                    for label, protocol in state.labels().items()
                ],
            }
        )

    return page


def _causes(router: Metrics) -> dict[str, int]:
    """How often connecting failed for which cause, of all clients together."""
    causes: dict[str, int] = {}
    for client in children(router, "client").values():
        failures = client.children.get("connect_failures")
        for cause, node in {} if failures is None else failures.children.items():
            causes[cause] = causes.get(cause, 0) + counted(node)
    return causes


def _process(metrics: Metrics) -> Json:
    root = metrics.root
    lag = root.children.get("process", Node()).children.get("reactor_lag_ms", Node()).metric
    percentiles = lag.recent.percentiles if isinstance(lag, Stat) else ()
    return {
        "uptime": gauged(root, "jvm", "uptime"),
        "memory": gauged(root, "jvm", "mem", "current", "used"),
        "cpu": gauged(root, "process", "cpu_user_ms") + gauged(root, "process", "cpu_system_ms"),
        "lag": percentiles[3] if percentiles else None,
        "threads": gauged(root, "jvm", "thread", "count"),
        "files": gauged(root, "jvm", "fd_count"),
    }


def members_page(state: ProcessState, clock: Clock) -> Page:
    """The page."""
    text = SharedText(Members(state, clock).pieces, clock)

    def page(_asked: Asked) -> Deferred[Answer]:
        return text.ask().addCallback(lambda pieces: Answer(content_type=JSON, rest=pieces))

    return page


class Members:
    """The rows, and the percentiles of those that were shown lately."""

    def __init__(self, state: ProcessState, clock: Clock) -> None:
        self._state = state
        self._seconds = clock.seconds
        self._latencies: dict[int, tuple[float, Node, Any]] = {}

    def pieces(self) -> Iterator[str]:
        """The text. Members come and go while it is made: those that are there at their turn."""
        kept, self._latencies = self._latencies, {}
        yield f'{{"columns": {json.dumps(COLUMNS)}, "now": {self._seconds():.3f}, "routers": {{'
        for index, label in enumerate(self._state.labels()):
            scope = self._state.metrics.scope("rt", label)
            yield f"{', ' if index else ''}{json.dumps(label)}: {{"
            for kind in KINDS:
                yield f'{"" if kind == KINDS[0] else ", "}"{kind}": ['
                yield from self._rows(children(scope, kind), kept)
                yield "]"
            yield "}"
        yield "}}"

    def _rows(self, nodes: dict[str, Node], kept: dict[int, Any]) -> Iterator[str]:
        comma = ""
        for name, node in nodes.items():
            node.settle()
            if "requests" in node.children:  # else it is the router's own doing, or has gone
                yield comma + json.dumps([name, *_figures(node), *self._latency(node, kept)])
                comma = ",\n"

    def _latency(self, node: Node, kept: dict[int, Any]) -> tuple[int, int, int] | tuple[None, ...]:
        now = self._seconds()
        found = kept.get(id(node))
        if found is None or found[1] is not node or now - found[0] >= LATENCY_AGE:
            found = (now, node, recent((node,)) or (None, None, None))
        self._latencies[id(node)] = found
        latency: tuple[int, int, int] | tuple[None, ...] = found[2]
        return latency


def _figures(node: Node) -> tuple[float, ...]:
    return (
        counted(node, "requests"),
        counted(node, "success"),
        counted(node, "failures"),
        counted(node, "retries", "total") + counted(node, "retries", "requeues"),
        gauged(node, "pending"),
        gauged(node, "connections"),
        counted(node, "received_bytes"),
        counted(node, "sent_bytes"),
        gauged(node, "loadbalancer", "available"),
        gauged(node, "loadbalancer", "size"),
    )
