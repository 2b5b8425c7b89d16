"""A worker's place, as the supervisor sees it: who is in it, what it is asked, how it ended."""

from dataclasses import dataclass, field
from typing import Final, Literal

from twisted.internet.defer import Deferred

from linkerpy.net.channel import Channel, Json, Message

LONGEST_PAUSE: Final = 30.0
"""Seconds until a worker is replaced, at most: the first is replaced at once."""

SETTLED: Final = 60.0
"""Seconds after which a worker's end says nothing about the next one's."""

State = Literal["starting", "serving", "draining", "down"]


class WorkerGone(Exception):
    """The worker that was asked is not there."""


@dataclass(slots=True)
class Place:
    """The place of a number; times are of the reactor's clock."""

    number: int
    state: State = "down"
    pid: int | None = None
    since: float = 0.0
    """When it got into its state."""
    born: float = 0.0
    heard: float = 0.0
    tells_next: float = 0.0
    restarts: int = 0
    last_end: str | None = None
    failures: int = 0
    """How often in a row a worker ended before it was settled."""
    counted: dict[str, int] = field(default_factory=dict)
    """What its servers counted, by the counter's name."""
    channel: Channel | None = None
    adopter: "Place | None" = None
    """Who serves its sockets meanwhile."""
    _calls: dict[int, Deferred[Message]] = field(default_factory=dict)
    _last_call: int = 0

    def send(self, body: Json, *descriptors: int) -> None:
        """Tell whoever is there."""
        if self.channel is not None:
            self.channel.send(body, descriptors=descriptors)

    def call(self, body: Json, payload: bytes = b"", *descriptors: int) -> Deferred[Message]:
        """Ask, for an answer. Fails with WorkerGone; cancelling tells that nobody waits."""
        self._last_call += 1
        number = self._last_call

        def forget(_: Deferred[Message]) -> None:
            if self._calls.pop(number, None) is not None:
                self.send({"forget": number})

        call: Deferred[Message] = Deferred(forget)
        if self.channel is None:
            call.errback(WorkerGone(f"worker {self.number} is not there at the moment"))
        else:
            self._calls[number] = call
            self.channel.send({**body, "id": number}, payload, descriptors)
        return call

    def answered(self, message: Message) -> None:
        """It has answered a call."""
        call = self._calls.pop(message.body["id"], None)
        if call is not None:
            call.callback(message)

    def hung_up(self) -> None:
        """The channel has ended."""
        calls, self._calls, self.channel = self._calls, {}, None
        for call in calls.values():
            call.errback(WorkerGone(f"worker {self.number} has ended"))

    def ended_after(self, seconds: float, *, drained: bool) -> None:
        """It must be replaced."""
        self.restarts += 1
        self.failures = 0 if drained or seconds >= SETTLED else self.failures + 1

    @property
    def pause(self) -> float:
        """Seconds until it is replaced."""
        if self.failures < 2:
            return 0.0
        return min(0.5 * 2.0 ** min(self.failures - 2, 16), LONGEST_PAUSE)
