"""Metrics for Prometheus under linkerd-tcp's names, as it writes them.

A snapshot is taken once in an interval and served until the next. Counters go on; a distribution
is of that interval alone. Left out is what there is nothing of here: `route_time_us` (a route is
one look-up in a dict) and `balancer:poll_time_us` (nothing is polled).

Source: dataplane spec, section 8.5; telemetry-admin spec, section 2.10.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from linkerpy.core.clock import Clock
from linkerpy.telemetry.buckets import BYTES, DURATIONS, MILLISECONDS, Edges
from linkerpy.telemetry.histogram import Counts, midpoint
from linkerpy.telemetry.metrics import Counter, Gauge, Metric, Metrics, Node, Stat
from linkerpy.telemetry.prometheus import escape, number

CONTENT_TYPE: Final = "text/plain; version=0.0.4"

Labels = dict[str, str]


@dataclass(frozen=True, slots=True)
class _Told:
    """A stat of ours, and how it is told."""

    name: str
    source: tuple[str, ...]
    edges: Edges
    scale: int = 1
    """Of theirs in one of ours."""


_MICROSECONDS = 1000

_SERVER: Final = {
    "srv:accepts": ("connects",),
    "srv:closes": ("success",),
    "srv:failures": ("failures",),
    "srv:active": ("connections",),
    "srv:waiters": ("pending",),
    "srv:stream:rx_bytes": ("received_bytes",),
    "srv:stream:tx_bytes": ("sent_bytes",),
}
_SERVER_STATS: Final = (
    _Told("srv:connect:latency_us", ("request_latency_ms",), MILLISECONDS, _MICROSECONDS),
    _Told("srv:stream:connection_rx_bytes", ("connection_received_bytes",), BYTES),
    _Told("srv:stream:connection_tx_bytes", ("connection_sent_bytes",), BYTES),
    _Told("srv:stream:duration_ms", ("connection_duration",), DURATIONS),
    _Told("srv:tls:handshake_us", ("tls", "handshake_latency_ms"), MILLISECONDS, _MICROSECONDS),
)
_CLIENT: Final = {
    "balancer:waiters": ("pending",),
    "balancer:endpoint:available": ("loadbalancer", "available"),
    "balancer:endpoint:failed": ("loadbalancer", "busy"),
    "balancer:endpoint:retired": ("loadbalancer", "closed"),
    "balancer:connection:pending": ("pending",),
    "balancer:connection:open": ("connections",),
    "balancer:connection:connects": ("connects",),
    "balancer:unavailable": ("failures", "com.twitter.finagle.NoBrokersAvailableException"),
}
_CLIENT_STATS: Final = (
    _Told("balancer:connection:latency_us", ("connect_latency_ms",), MILLISECONDS, _MICROSECONDS),
    _Told("balancer:connection:duration_ms", ("connection_duration",), DURATIONS),
)
_RESOLVER: Final = {
    "resolver:success_count": ("success",),
    "resolver:failure_count": ("failures",),
}
_RESOLVER_STATS: Final = (
    _Told("resolver:request_latency_ms", ("request_latency_ms",), MILLISECONDS),
)
_CONNECT_CAUSES: Final = ("timeout", "refused", "other")
_STREAM_ENDS: Final = ("com.twitter.finagle.ChannelClosedException", "interrupted")
"""Failures of sessions that had their connection."""
_UNKNOWN: Final = "io.buoyant.router.RoutingFactory$UnknownDst"
_INTERPRETER: Final = ("interpreter", "io.l5d.namerd.http")


class LinkerdTcpFigures:
    """Takes a snapshot of the TCP routers' metrics every `interval` seconds, until closed.

    `namespaces` has namerd's namespace of each router, by its label; `dst` says which name a
    client, by its id, is for. `text` is the last snapshot; there is none at first.
    """

    def __init__(
        self,
        metrics: Metrics,
        namespaces: Mapping[str, str],
        dst: Callable[[str], str],
        clock: Clock,
        interval: float,
    ) -> None:
        self.text = ""
        self._metrics = metrics.scope("rt")
        self._namespaces = namespaces
        self._dst = dst
        self._clock = clock
        self._interval = interval
        self._told: dict[Stat, tuple[Counts, int]] = {}
        """What each distribution had at the last snapshot."""
        self._now: dict[Stat, tuple[Counts, int]] = {}
        self._timer: Any = clock.callLater(interval, self._turn)

    def _turn(self) -> None:
        self._timer = self._clock.callLater(self._interval, self._turn)
        self.text = self.take()

    def close(self) -> None:
        """Take no more."""
        if self._timer.active():
            self._timer.cancel()

    def take(self) -> str:
        """A snapshot, which begins a new interval."""
        self._now = {}
        routers = self._metrics.node
        text = "".join(
            line
            for label, node in ({} if routers is None else routers.children).items()
            for line in self._router(node, {"rt": label})
        )
        self._told = self._now
        return text

    def _router(self, router: Node, labels: Labels) -> Iterator[str]:
        servers, clients = _children(router, "server"), _children(router, "client")
        created = _value(router, "bindcache", "path", "misses")
        routed = sum(_value(server, "requests") for server in servers.values())
        unknown = sum(_value(server, "failures", _UNKNOWN) for server in servers.values())
        yield _line("route_create", labels, created)
        yield _line("route_found", labels, max(routed - unknown - created, 0))
        yield _line("route_error", labels, unknown)
        resolver = _find(router, *_INTERPRETER)
        if resolver is not None:
            named = {"namespace": self._namespaces.get(labels["rt"], ""), **labels}
            yield from self._scope(resolver, named, _RESOLVER, _RESOLVER_STATS)
        for where, server in servers.items():
            yield from self._server(server, {**labels, "srv_addr": ":".join(where.rsplit("/", 1))})
        for bound_id, client in clients.items():
            yield from self._client(client, {"dst": self._dst(f"/{bound_id}"), **labels})

    def _server(self, server: Node, labels: Labels) -> Iterator[str]:
        yield from self._scope(server, labels, _SERVER, _SERVER_STATS)
        causes = {"connect": {"timeout": 0.0, "other": 0.0}, "stream": {"other": 0.0}}
        for name in _children(server, "failures"):
            stage = "stream" if name in _STREAM_ENDS else "connect"
            late = stage == "connect" and "Timeout" in name
            causes[stage]["timeout" if late else "other"] += _value(server, "failures", name)
        for stage, counts in causes.items():
            for cause, count in counts.items():
                yield _line(f"srv:{stage}:failure", {"cause": cause, **labels}, count)

    def _client(self, client: Node, labels: Labels) -> Iterator[str]:
        yield from self._scope(client, labels, _CLIENT, _CLIENT_STATS)
        attempts = _value(client, "connects")
        for cause in _CONNECT_CAUSES:
            failed = _value(client, "connect_failures", cause)
            attempts += failed
            yield _line("balancer:connection:failure", {"cause": cause, **labels}, failed)
        yield _line("balancer:connection:attempts", labels, attempts)

    def _scope(
        self,
        node: Node,
        labels: Labels,
        figures: Mapping[str, tuple[str, ...]],
        stats: tuple[_Told, ...],
    ) -> Iterator[str]:
        for name, source in figures.items():
            yield _line(name, labels, _value(node, *source))
        for told in stats:
            found = _find(node, *told.source)
            if found is not None and isinstance(found.metric, Stat):
                yield from self._distribution(told, found.metric, labels)

    def _distribution(self, told: _Told, stat: Stat, labels: Labels) -> Iterator[str]:
        before, sum_before = self._told.get(stat, ({}, 0))
        now = stat.counts
        self._now[stat] = (now, stat.sum)
        counts = {i: n - before.get(i, 0) for i, n in now.items() if n != before.get(i, 0)}
        count = sum(counts.values())
        yield _line(f"{told.name}_count", labels, count)
        if not count:
            return
        cumulated = zip(told.edges.texts, told.edges.cumulate(counts), strict=True)
        for edge, reached in cumulated:
            limit = edge if edge == "+Inf" else f"{int(float(edge)) * told.scale}"
            yield _line(f"{told.name}_bucket", {"le": limit, **labels}, reached)
        yield _line(f"{told.name}_min", labels, midpoint(min(counts)) * told.scale)
        yield _line(f"{told.name}_max", labels, midpoint(max(counts)) * told.scale)
        yield _line(f"{told.name}_sum", labels, (stat.sum - sum_before) * told.scale)


def _find(node: Node, *names: str) -> Node | None:
    found: Node | None = node
    for name in names:
        found = None if found is None else found.children.get(name)
    return found


def _children(node: Node, *names: str) -> dict[str, Node]:
    found = _find(node, *names)
    return {} if found is None else dict(found.children)


def _value(node: Node, *names: str) -> float:
    found = _find(node, *names)
    metric: Metric | None = None if found is None else found.metric
    return metric.value if isinstance(metric, Counter | Gauge) else 0


def _line(name: str, labels: Labels, value: float) -> str:
    # `le` comes first in linkerd-tcp's text, the others by name.
    ordered = sorted(labels.items(), key=lambda pair: (pair[0] != "le", pair[0]))
    text = ", ".join([f'{key}="{escape(value)}"' for key, value in ordered])
    shown = int(value) if float(value).is_integer() else number(value)
    return f"l5d:{name}{{{text}}} {shown}\n"
