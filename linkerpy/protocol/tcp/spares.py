"""Spares: connections of a client that stand before a session asks for one (`minConnections`).

Nobody reads from a spare: what its endpoint says first waits in the system for whoever gets it.
Hence the system is asked, now and then and before one is given away, whether it still stands.

Source: dataplane spec, sections 8.1 and 8.3.
"""

import math
import socket
from collections import deque
from typing import Any

from linkerpy.core.clock import TimerWheel
from linkerpy.core.closable import NOTHING, Closable
from linkerpy.core.drive import Drive, drive
from linkerpy.core.service import Filter, Service
from linkerpy.policy.balance import CLOSED, OPEN
from linkerpy.protocol.tcp.client import BackendConnection
from linkerpy.protocol.tcp.endpoint import TcpEndpoint
from linkerpy.protocol.tcp.session import Backend, Opening
from linkerpy.router.client import Client
from linkerpy.telemetry.metrics import Metrics

PAUSE = 1.0
"""Seconds between two looks at the spares, and before another is tried after one failed."""


class Spares:
    """The spares of one client, `wanted` of them, at whichever endpoints have least to do."""

    def __init__(self, wanted: int, metrics: Metrics, timers: TimerWheel) -> None:
        self._wanted = wanted
        self._timers = timers
        self._endpoints: list[TcpEndpoint] = []
        self._ready: deque[tuple[TcpEndpoint, BackendConnection]] = deque()
        self._connecting: set[Drive] = set()
        self._timer: Closable = NOTHING
        self._closed = False
        self._gauge = metrics.gauge("pool_cached", read=lambda: len(self._ready))

    def join(self, endpoint: TcpEndpoint) -> TcpEndpoint:
        """A new endpoint: spares may be there, from the next turn of the timers on."""
        if not self._endpoints:
            self._timer = self._timers.after(PAUSE / 100, self._tend)
        self._endpoints.append(endpoint)
        return endpoint

    def take(self, request: Opening) -> Backend | None:
        """A spare for a session, if there is one that still stands."""
        while self._ready:
            endpoint, spare = self._ready.popleft()
            if endpoint.status == OPEN and _stands(spare):
                return endpoint.give(spare, request)
            endpoint.discard(spare)
        return None

    def fill(self) -> None:
        """Connect until there are as many as there should be."""
        for _ in range(self._wanted - len(self._ready) - len(self._connecting)):
            takers = [one for one in self._endpoints if one.status == OPEN and one.has_room]
            if not takers or self._closed:
                return
            self._connect(min(takers, key=self._work))

    def _work(self, endpoint: TcpEndpoint) -> float:
        spares = sum(one is endpoint for one, _ in self._ready)
        return (endpoint.load + spares) / endpoint.weight if endpoint.weight else math.inf

    def _connect(self, endpoint: TcpEndpoint) -> None:
        def connected(spare: BackendConnection | None, _error: BaseException | None) -> None:
            self._connecting.difference_update(attempts)
            if spare is None:
                return  # tried again at the next look
            if self._closed or endpoint.status == CLOSED:
                endpoint.discard(spare)
                return
            spare.transport.pauseProducing()
            self._ready.append((endpoint, spare))

        attempts: list[Drive] = []
        attempts.append(drive(endpoint.spare(), connected))
        if not attempts[0].finished:
            self._connecting.add(attempts[0])

    def _tend(self) -> None:
        """Drop what does not stand any more, or is at an endpoint that is gone; fill up."""
        self._endpoints = [one for one in self._endpoints if one.status != CLOSED]
        for endpoint, spare in list(self._ready):
            if endpoint.status == CLOSED or not _stands(spare):
                self._ready.remove((endpoint, spare))
                endpoint.discard(spare)
        self.fill()
        if self._endpoints and not self._closed:
            self._timer = self._timers.after(PAUSE, self._tend)

    def close(self) -> None:
        """Keep none any more."""
        self._closed = True
        self._timer.close()
        for attempt in list(self._connecting):
            attempt.cancel()
        while self._ready:
            endpoint, spare = self._ready.popleft()
            endpoint.discard(spare)
        self._gauge.close()


class SparingClient(Client):
    """A client with spares."""

    spares: Spares

    def close(self) -> None:
        """See `Client.close`."""
        self.spares.close()
        super().close()


def sparing(client: Client) -> Filter[Backend] | None:
    """Give a session a spare of the client's, or let it connect; then fill up."""
    if not isinstance(client, SparingClient):
        return None
    spares = client.spares

    async def spared(service: Service[Opening, Backend], request: Opening) -> Backend:
        backend = spares.take(request)
        try:
            return await service(request) if backend is None else backend
        finally:
            spares.fill()

    return spared


def _stands(spare: BackendConnection) -> bool:
    """Whether the system has not heard that the other side is gone."""
    transport: Any = spare.transport
    if not transport.connected:
        return False
    try:
        first: bytes = transport.getHandle().recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return first != b""
