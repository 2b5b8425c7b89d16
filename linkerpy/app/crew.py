"""What the supervisor asks of its workers: metrics, admin pages, another configuration."""

import os
import time
from collections.abc import Callable
from typing import Any, Final

from twisted.internet.defer import Deferred, DeferredList, succeed
from twisted.python.failure import Failure

from linkerpy.admin.state import Reloaded
from linkerpy.app.place import Place
from linkerpy.app.shared_sockets import SharedSockets
from linkerpy.app.workers import Workers, addresses, descriptors
from linkerpy.net.channel import Json, Message
from linkerpy.net.log import logger
from linkerpy.net.web import Answer, Asked
from linkerpy.telemetry.merging import Merged

_log = logger("linkerpy")

HUNG: Final = 60.0
"""Seconds without an answer after which a worker is taken for dead, and killed."""

FRESHNESS: Final = 2.0
"""Seconds that somebody who asks for metrics waits for a worker."""

COUNTED: Final = ("requests", "connects")
"""The counters of servers that are kept for each worker."""

_ROUND: Final = 1.0
_SHARE: Final = 0.01
"""Every second a worker tells its news; less often if that takes more than this share of time."""


class Crew:
    """The workers, as the admin pages and the merged metrics see them: `linkerpy.admin.workers`."""

    def __init__(
        self, workers: Workers, merged: Merged, refresh: Callable[[], None], reactor: Any
    ) -> None:
        """`refresh` folds the supervisor's own news."""
        self._workers = workers
        self._merged = merged
        self._refresh = refresh
        self._reactor = reactor
        self._before_round: Callable[[], None] = lambda: None
        self._looked = reactor.seconds()
        self._timer: Any = reactor.callLater(_ROUND, self._round)

    @property
    def numbers(self) -> list[int]:
        """Of all places."""
        return list(self._workers.places)

    @property
    def serving(self) -> list[int]:
        """Of those that serve."""
        return [place.number for place in self._workers.serving]

    # -- pages ------------------------------------------------------------------------------------

    def ask(self, number: int, asked: Asked) -> Deferred[Answer]:
        """What a worker answers to a request for an admin page. Fails with WorkerGone."""
        fields = ("method", "path", "content_type", "accept", "foreign", "host", "peer", "browser")
        body = {name: getattr(asked, name) for name in fields} | {"args": dict(asked.args)}
        return self._workers.places[number].call({"ask": body}, asked.body).addCallback(_answer)

    def told(self) -> Json:
        """Who they are and how they do; `seconds` is how long that has been so."""
        places = self._workers.places.values()
        return {"supervisor": os.getpid(), "workers": [self._told(place) for place in places]}

    def _told(self, place: Place) -> Json:
        return {
            "worker": place.number,
            "pid": place.pid if place.state != "down" else None,
            "state": place.state,
            "since": round(time.time() - (self._reactor.seconds() - place.since), 3),
            "restarts": place.restarts,
            "last_end": place.last_end,
            **{name: place.counted.get(name, 0) for name in COUNTED},
            **_figures(self._merged.gauges_of(place.number)),
        }

    def set_level(self, logger: str, level: str) -> None:
        """Change the level of a logger, also of workers that are yet to come."""
        self._workers.levels[logger] = level
        self.tell({"level": [logger, level]})

    def tell(self, body: Json) -> None:
        """Tell all."""
        for place in self._workers.places.values():
            place.send(body)

    # -- metrics ----------------------------------------------------------------------------------

    def fold(self, place: Place, news: Json) -> None:
        """Count what is new with a worker."""
        self._merged.fold(place.number, news)
        for names, grown in news["counters"]:
            if names[0] == "rt" and names[2:3] == ["server"] and names[-1] in COUNTED:
                place.counted[names[-1]] = place.counted.get(names[-1], 0) + grown

    def gone(self, place: Place) -> None:
        """A worker has ended: its gauges with it."""
        self._merged.end(place.number)

    def fresh(self) -> Deferred[None]:
        """Have the metrics merged as they are now; a worker that is slow is not waited for."""
        self._refresh()
        done: Deferred[None] = Deferred()
        asked = [self._news(place) for place in self._talking()]
        waiting = len(asked) + 1

        def one_done(_: object) -> None:
            nonlocal waiting
            waiting -= 1
            if waiting == 0 and limit.active():
                limit.cancel()
                done.callback(None)

        limit = self._reactor.callLater(FRESHNESS, lambda: done.callback(None))
        for call in asked:
            call.addBoth(one_done)
        one_done(None)
        return done

    def _talking(self) -> list[Place]:
        places = self._workers.places.values()
        return [place for place in places if place.state in ("serving", "draining")]

    def _news(self, place: Place) -> Deferred[None]:
        asked = self._reactor.seconds()

        def heard(message: Message) -> None:
            self.fold(place, message.body["news"])
            place.tells_next = asked + max(_ROUND, message.body["took"] / _SHARE)

        return place.call({"tell": True}).addCallback(heard)

    def _round(self) -> None:
        """Ask all for their news, and look whether one hangs."""
        self._before_round()
        now = self._reactor.seconds()
        away = now - self._looked > HUNG / 2  # it is we who did not listen
        self._looked = now
        self._timer = self._reactor.callLater(_ROUND, self._round)
        self._refresh()
        for place in self._workers.places.values():
            if away:
                place.heard = now
            elif now - place.heard > HUNG:
                self._workers.kill(place, f"has not answered for {HUNG:g} s")
        for place in self._talking():
            if place.tells_next <= now + _ROUND / 2:  # in the round that is nearest
                place.tells_next = now + _ROUND
                self._news(place).addErrback(lambda _gone: None)

    def before_rounds(self, call: Callable[[], None]) -> None:
        """Call every second, when everybody has had a second to tell the news of the last round."""
        self._before_round = call

    def close(self) -> None:
        """Ask no more."""
        if self._timer.active():
            self._timer.cancel()

    # -- another configuration --------------------------------------------------------------------

    def reload(self, source: tuple[str, str], sockets: SharedSockets) -> Deferred[Reloaded]:
        """Have all workers serve another configuration, for which `sockets` is prepared.

        The first is asked alone: what it refuses nobody has changed.
        """
        serving = self._workers.serving
        if not serving:
            return succeed(Reloaded(good=False, text="not reloaded: no worker serves\n"))
        first = serving[0]

        def tried(message: Message) -> Reloaded | Deferred[Reloaded]:
            said = Reloaded(good=message.body["good"], text=message.body["text"])
            if not said.good:
                return said
            self._workers.configuration = source
            places = [place for place in self._workers.places.values() if place is not first]
            all_follow = DeferredList([self._follow(place, source, sockets) for place in places])
            return all_follow.addCallback(lambda _: said)

        def ended(_: Failure) -> Reloaded:
            text = f"not reloaded: worker {first.number} ended meanwhile\n"
            return Reloaded(good=False, text=text)

        return self._ask_to_reload(first, source, sockets).addCallbacks(tried, ended)

    def _follow(
        self, place: Place, source: tuple[str, str], sockets: SharedSockets
    ) -> Deferred[None]:
        """Have a worker do what the first has done; one that cannot is replaced."""

        def followed(message: Message) -> None:
            if not message.body["good"]:
                said = "worker {n} does not reload, and is replaced: {why}"
                _log.error(said, n=place.number, why=message.body["text"])
                place.send({"drain": None})

        if place.state != "serving":  # it begins, perhaps with the old configuration, or it ends
            place.send({"drain": None})
            return succeed(None)
        call = self._ask_to_reload(place, source, sockets)
        return call.addCallbacks(followed, lambda _gone: None)

    def _ask_to_reload(
        self, place: Place, source: tuple[str, str], sockets: SharedSockets
    ) -> Deferred[Message]:
        new = sockets.new(place.number)
        body = {"source": source, "new": addresses(new), "addresses": sockets.wanted}
        return place.call({"reload": body}, b"", *descriptors(new))


def _figures(gauges: dict[tuple[str, ...], float]) -> Json:
    """What is told of a worker's gauges."""
    connections = [
        value
        for names, value in gauges.items()
        if names[0] == "rt" and names[2:3] == ("server",) and names[-1] == "connections"
    ]
    process = {names[1]: value for names, value in gauges.items() if names[0] == "process"}
    cpu = process.get("cpu_user_ms", 0) + process.get("cpu_system_ms", 0)
    return {
        "connections": int(sum(connections)),
        "rss_bytes": int(process.get("rss_bytes", 0)),
        "cpu_ms": round(cpu),
    }


def _answer(message: Message) -> Answer:
    body = message.body
    return Answer(message.payload, body["status"], body["content_type"], body["headers"])
