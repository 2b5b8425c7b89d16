"""The workers as their supervisor starts, replaces and ends them.

A worker has a number, which is its place: who takes a dead one's place has its number, its sockets
and its metrics. Until then another worker accepts from those sockets.
"""

import os
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.logger import globalLogPublisher

from linkerpy.app.nursery_process import NurseryProcess
from linkerpy.app.place import Place, State
from linkerpy.app.shared_sockets import Bound, SharedSockets
from linkerpy.net.channel import Channel, Json, Message
from linkerpy.net.log import LEVELS, logger
from linkerpy.net.log_lines import retold

_log = logger("linkerpy")

_PATIENCE: Final = 5.0
"""Seconds that workers have to end, beside their grace."""

_MOMENT: Final = 0.2
"""Seconds in which the nursery has certainly told how a worker ended."""

_PAUSE: Final = 1.0
"""Seconds until a nursery is replaced."""


@dataclass(slots=True)
class Listener:
    """Who is told of the workers."""

    fatal: Callable[[str], None]
    """No worker can begin, and why."""
    fold: Callable[[Place, Json], None]
    """News of a worker's metrics."""
    gone: Callable[[Place], None]
    """A worker has ended."""
    serves: Callable[[list[str]], None]
    """A worker serves, and has these admin pages."""
    abandoned: Callable[[], None]
    """A worker ended with work cut off."""


class Workers:
    """All places. `configuration` is the name and the text of the file."""

    def __init__(
        self, count: int, configuration: tuple[str, str], sockets: SharedSockets, reactor: Any
    ) -> None:
        self.places = {number: Place(number) for number in range(1, count + 1)}
        self.levels = {"root": LEVELS.level("root")}
        """The levels of loggers, for workers to come."""
        self.configuration = configuration
        self._sockets = sockets
        self._reactor = reactor
        self._listener: Any = None
        self._nursery: NurseryProcess | None = None
        self._pids: dict[int, Place] = {}
        self._begun = False
        self._gone: Deferred[None] | None = None
        self._draining = False
        self._killing: Any = None

    # -- beginning --------------------------------------------------------------------------------

    def start(self, listener: Listener) -> None:
        """Start the nursery, and of it the workers."""
        self._listener = listener
        self._start_nursery()

    def _start_nursery(self) -> None:
        self._nursery = NurseryProcess(self._forked, self._ended, self._nursery_lost)
        self._nursery.start(*self.configuration, self._reactor)
        for place in self.places.values():
            if place.channel is None:
                self._fork(place)

    def _nursery_lost(self, how: str) -> None:
        self._nursery = None
        if self._gone is not None:
            return
        if not self._begun:
            self._listener.fatal(f"the process that starts the workers ended: {how}")
            return
        _log.error("the process that starts the workers ended ({how}): starting another", how=how)
        self._reactor.callLater(_PAUSE, self._start_nursery)

    def _fork(self, place: Place) -> None:
        if self._gone is None and self._nursery is not None:
            self._enter(place, "starting")
            place.born = place.since
            self._nursery.fork(place.number)

    def _enter(self, place: Place, state: State) -> None:
        place.state = state
        place.since = self._reactor.seconds()

    def _forked(self, number: int, pid: int, descriptor: int) -> None:
        place = self.places[number]
        place.pid, place.heard = pid, self._reactor.seconds()
        self._pids[pid] = place
        channel = Channel(lambda message: self._heard(place, message), lambda: self._lost(place))
        place.channel = channel
        channel.start(socket.socket(fileno=descriptor), self._reactor)
        if self._gone is not None:
            channel.close()
            return
        bound = self._sockets.of(number)
        start = {
            "source": self.configuration,
            "levels": list(self.levels.items()),
            "sockets": addresses(bound),
        }
        place.send({"start": start}, *descriptors(bound))

    def _heard(self, place: Place, message: Message) -> None:
        place.heard = self._reactor.seconds()
        body = message.body
        if "id" in body:
            place.answered(message)
        elif "log" in body:
            globalLogPublisher(retold(body["log"], place.number))
        elif "serving" in body:
            self._serving(place)
            self._listener.serves(body["serving"])
        elif "failed" in body:
            self._failed(place, body["failed"])
        elif "draining" in body:
            self._enter(place, "draining")
            self._have_adopted(place)
        elif "abandoned" in body:
            self._listener.abandoned()
        elif "last" in body:
            self._listener.fold(place, body["last"])

    def _serving(self, place: Place) -> None:
        self._begun = True
        self._enter(place, "serving")
        _log.info("worker {n} serves (process {pid})", n=place.number, pid=place.pid)
        if place.adopter is not None:
            place.adopter.send({"release": place.number})
            place.adopter = None
        for other in self.places.values():
            self._have_adopted(other)

    def _failed(self, place: Place, why: str) -> None:
        if self._begun:
            _log.error("worker {n} cannot serve: {why}", n=place.number, why=why)
        else:
            self._listener.fatal(why)

    # -- replacing --------------------------------------------------------------------------------

    def _ended(self, pid: int | None, how: str | None = None) -> None:
        """How a process ended, as the nursery tells before or after its channel did.

        None: it has not told, because it ended itself.
        """
        place = None if pid is None else self._pids.pop(pid, None)
        if place is not None:
            place.last_end = how or "nobody knows how"
            if self._gone is None:
                said = "worker {n} (process {pid}) ended: {how}"
                _log.warn(said, n=place.number, pid=pid, how=place.last_end)

    def _lost(self, place: Place) -> None:
        """A worker has ended."""
        drained = place.state == "draining"
        self._enter(place, "down")
        place.hung_up()
        self._listener.gone(place)
        self._reactor.callLater(_MOMENT, self._ended, place.pid)
        if self._gone is not None:
            self._look_whether_gone()
        elif self._begun:
            place.ended_after(place.since - place.born, drained=drained)
            self._replace(place)
        else:
            self._reactor.callLater(_MOMENT, self._never_began, place)

    def _never_began(self, place: Place) -> None:
        if self._gone is None:
            why = f"worker {place.number} ended before it could serve: {place.last_end}"
            self._listener.fatal(why)

    def _replace(self, place: Place) -> None:
        for other in self.places.values():
            if other.adopter is place:
                other.adopter = None
            self._have_adopted(other)
        if place.pause:
            _log.warn("worker {n} is replaced in {s:g} s", n=place.number, s=place.pause)
        self._reactor.callLater(place.pause, self._fork, place)

    def _have_adopted(self, place: Place) -> None:
        """See to it that somebody accepts from the sockets of a worker that does not."""
        first = place.state == "starting" and not place.restarts
        if place.state == "serving" or first or place.adopter is not None or self._gone is not None:
            return
        bound = self._sockets.alone(place.number)
        serving = self.serving
        if bound and serving:
            adopters = [other.adopter for other in self.places.values()]
            place.adopter = min(serving, key=adopters.count)
            place.adopter.send({"adopt": place.number}, *descriptors(bound))

    @property
    def serving(self) -> list[Place]:
        """The places of those that serve."""
        return [place for place in self.places.values() if place.state == "serving"]

    # -- ending -----------------------------------------------------------------------------------

    def drain(self, grace: float | None, patience: float) -> Deferred[None]:
        """End all workers: they have `grace` seconds, None for those that are configured.

        Fires when the last has gone: then, or when it was killed because it took much longer than
        `patience`. Called again, it is the last `grace` that counts.
        """
        gone = self._end()
        if not self._draining or grace is not None:
            self._draining = True
            for place in self.places.values():
                place.send({"drain": grace})
        self._stop_killing()
        self._killing = self._reactor.callLater(patience + _PATIENCE, self._kill_all)
        self._look_whether_gone()
        return gone

    def hand_over(self) -> Deferred[None]:
        """Another process serves: workers end with their last connection."""
        gone = self._end()
        for place in self.places.values():
            place.send({"hand_over": True})
        self._look_whether_gone()
        return gone

    def _end(self) -> Deferred[None]:
        """Replace nobody any more."""
        if self._gone is None:
            self._gone = Deferred()
        return self._gone

    def _kill_all(self) -> None:
        for place in self.places.values():
            self.kill(place, "does not end")

    def kill(self, place: Place, why: str) -> None:
        """End a worker by force."""
        if place.channel is not None and place.pid in self._pids:
            _log.error("worker {n} {why}: killing it", n=place.number, why=why)
            os.kill(place.pid, signal.SIGKILL)

    def _stop_killing(self) -> None:
        if self._killing is not None and self._killing.active():
            self._killing.cancel()

    def _look_whether_gone(self) -> None:
        if any(place.channel is not None for place in self.places.values()):
            return
        self._stop_killing()
        if self._nursery is not None:
            self._nursery.close()
        gone = self._gone
        if gone is not None and not gone.called:
            gone.callback(None)


def addresses(bound: list[Bound]) -> list[tuple[str, int]]:
    """The addresses of sockets."""
    return [(host, port) for host, port, _ in bound]


def descriptors(bound: list[Bound]) -> list[int]:
    """The descriptors of sockets."""
    return [sock.fileno() for _, _, sock in bound]
