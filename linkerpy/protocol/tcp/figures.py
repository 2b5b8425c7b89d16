"""Sessions: the figures of one scope (a server, a service, a client).

A session counts as one request, when it is over: a failure if either side broke off. Bytes count
while they flow: they are added up when somebody looks.

Source: telemetry-admin spec, section 2.10.
"""

from functools import partial

from linkerpy.core.clock import Clock
from linkerpy.core.service import Filter, Service
from linkerpy.protocol.tcp.session import Backend, Opening
from linkerpy.router.failures import count_failure
from linkerpy.telemetry.metrics import Metrics


class _Open:
    """An open session: since when, and how much of it has been counted."""

    __slots__ = ("counted", "since")

    def __init__(self, since: float) -> None:
        self.since = since
        self.counted = (0, 0)


class Sessions:
    """The figures of a scope; get one by `sessions`.

    `outbound` scopes receive what comes from the endpoint, the others what comes from the caller.
    At a `port`, the number of connections is not that of sessions: the owner shows it and counts
    `connects`, too.
    """

    def __init__(
        self,
        metrics: Metrics,
        clock: Clock,
        *,
        outbound: bool,
        port: bool,
    ) -> None:
        self._metrics = metrics
        self._seconds = clock.seconds
        self._outbound = outbound
        self._counts_connects = not port
        self._open: dict[Backend, _Open] = {}
        self.pending = 0
        self._requests, self._success = metrics.counter("requests"), metrics.counter("success")
        self.connects, self._closes = metrics.counter("connects"), metrics.counter("closes")
        self._received = metrics.counter("received_bytes")
        self._sent = metrics.counter("sent_bytes")
        self._waits = [metrics.stat("request_latency_ms")]
        if not outbound:  # a client's are those of each connect, its dialer's
            self._waits.append(metrics.stat("connect_latency_ms"))
        self._duration = metrics.stat("connection_duration")
        self._sizes = [
            metrics.stat("connection_received_bytes"),
            metrics.stat("connection_sent_bytes"),
        ]
        metrics.counter("failures")
        metrics.gauge("pending", read=lambda: self.pending)
        if not port:
            metrics.gauge("connections", read=lambda: len(self._open))

    def opened(self, backend: Backend, waited: float) -> None:
        """A session has its connection, after `waited` seconds."""
        for stat in self._waits:
            stat.add(waited * 1000)
        self._open[backend] = _Open(self._seconds())
        if self._counts_connects:
            self.connects.value += 1
        backend.body.on_end(partial(self._over, backend))

    def refused(self, error: BaseException, waited: float) -> None:
        """A session has ended without a connection."""
        self._requests.value += 1
        self._waits[0].add(waited * 1000)
        count_failure(self._metrics, error, explained=not self._outbound)
        if not self._counts_connects:
            self._closes.value += 1

    def _over(self, backend: Backend, error: BaseException | None) -> None:
        opened = self._open.pop(backend)
        self._count(backend, opened)
        self._duration.add((self._seconds() - opened.since) * 1000)
        for stat, size in zip(self._sizes, self._directed(opened.counted), strict=True):
            stat.add(size)
        self._requests.value += 1
        self._closes.value += 1
        if error is None:
            self._success.value += 1
        else:
            count_failure(self._metrics, error, explained=not self._outbound)

    def settle(self) -> None:
        """Bring the bytes up to date."""
        for backend, opened in self._open.items():
            self._count(backend, opened)

    def _count(self, backend: Backend, opened: _Open) -> None:
        now, before = backend.sent, opened.counted
        opened.counted = now
        received, sent = self._directed((now[0] - before[0], now[1] - before[1]))
        self._received.value += received
        self._sent.value += sent

    def _directed(self, sent: tuple[int, int]) -> tuple[int, int]:
        return (sent[1], sent[0]) if self._outbound else sent


def sessions(
    metrics: Metrics,
    clock: Clock,
    *,
    outbound: bool = False,
    port: bool = False,
) -> Sessions:
    """The figures of a scope, made if there are none yet."""
    return metrics.recorder(lambda own: Sessions(own, clock, outbound=outbound, port=port))


def counted(figures: Sessions, clock: Clock) -> Filter[Backend]:
    """Count the sessions that pass."""
    seconds = clock.seconds

    async def count(service: Service[Opening, Backend], request: Opening) -> Backend:
        started = seconds()
        figures.pending += 1
        try:
            backend = await service(request)
        except BaseException as error:
            figures.pending -= 1
            figures.refused(error, seconds() - started)
            raise
        figures.pending -= 1
        figures.opened(backend, seconds() - started)
        return backend

    return count
