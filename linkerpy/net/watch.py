"""Watch and Poll: an HTTP resource's JSON, followed for as long as somebody wants it.

A watch is one long answer of JSON lines; when it ends it is opened again. A poll asks again after
each period. What was told last stays true when there is trouble: that is told, and no more.

Source: discovery-namerd spec, sections 0.6, 3.1 and 4.4; dataplane spec, section 8.2.
"""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final, Protocol

from linkerpy.codec.json_lines import JsonLines
from linkerpy.core.clock import Clock
from linkerpy.core.closable import NOTHING, Closable
from linkerpy.naming.watch_state import Now, utc_now
from linkerpy.net.fetch import FetchFailed, HttpService

HEAD_PATIENCE: Final = 60.0
"""Seconds in which the answer to a watch must begin."""

_MOST_SHOWN = 4096

_TIME = "%Y-%m-%d %H:%M:%S +0000"


class Follower(Protocol):
    """Who follows a resource."""

    def told(self, value: Any, seconds: float) -> None:
        """A value, so long after it was asked for.

        Raises: ValueError if it means nothing; that is trouble, too.
        """

    def troubled(self, reason: str, pause: float) -> None:
        """No value can be had at present; it is tried again after `pause` seconds."""


class Seen:
    """What a state page shows of a watch or a poll.

    Source: discovery-namerd spec, section 0.6.
    """

    def __init__(self, request: str, now: Now = utc_now) -> None:
        self._request = request
        self._now = now
        self._stamps: dict[str, datetime] = {}
        self._data: str | None = None
        self._error: str | None = None
        self.streaming = False

    def stamp(self, name: str) -> None:
        """Something has happened just now."""
        self._stamps[name] = self._now()

    def value(self, value: Any) -> None:
        """A value has come."""
        self._data, self._error = json.dumps(value)[:_MOST_SHOWN], None

    def trouble(self, reason: str) -> None:
        """None has."""
        self._error = reason

    def snapshot(self) -> dict[str, Any]:
        """The JSON object."""
        shown: dict[str, Any] = {"request": self._request, "streaming": self.streaming}
        shown |= {name: moment.strftime(_TIME) for name, moment in self._stamps.items()}
        shown |= {} if self._data is None else {"response": self._data}
        return shown | ({} if self._error is None else {"error": self._error})


class _Repeated:
    """What a watch and a poll have in common: one GET after the other."""

    def __init__(self, service: HttpService, target: str, clock: Clock, follower: Follower) -> None:
        self.seen = Seen(service.url(target))
        self._service = service
        self._target = target
        self._clock = clock
        self._follower = follower
        self._lines = JsonLines()
        self._getting: Closable = NOTHING
        self._timer: Any = None
        self._started = 0.0
        self._values = 0
        self._closed = False

    def _ask(self, patience: float, *, whole: bool) -> None:
        self._timer = None
        self._started = self._clock.seconds()
        self._lines = JsonLines()
        self._values = 0
        self.seen.stamp("lastRequestAt")
        self._getting = self._service.get(self._target, self, patience, whole=whole)

    def began(self) -> None:
        """See `Listener`."""
        self.seen.streaming = True
        self.seen.stamp("lastStreamStartAt")

    def received(self, data: bytes) -> None:
        """See `Listener`."""
        try:
            for value in self._lines.feed(data):
                self._tell(value)
                if self._closed:
                    return
        except ValueError as error:
            self._break_off(f"{self._service.url(self._target)}: {error}")

    def ended(self, error: FetchFailed | None) -> None:
        """See `Listener`."""
        reason = None if error is None else str(error)
        if error is None:
            try:
                for value in self._lines.end():
                    self._tell(value)
            except ValueError as wrong:
                reason = f"{self._service.url(self._target)}: {wrong}"
        if reason is None and not self._values:
            reason = f"{self._service.url(self._target)}: the answer is empty"
        if not self._closed:
            self._over(reason)

    def _tell(self, value: Any) -> None:
        self.seen.value(value)
        self.seen.stamp("lastResponseAt")
        self._follower.told(value, self._clock.seconds() - self._started)
        self._values += 1
        self._came()

    def _break_off(self, reason: str) -> None:
        """The rest of this answer is of no use."""
        self._getting.close()
        self._over(reason)

    def _over(self, reason: str | None) -> None:
        self.seen.streaming = False
        self.seen.stamp("lastStreamEndAt")
        pause = self._pause()
        if reason is not None:
            self.seen.trouble(reason)
            self._follower.troubled(reason, pause)
        if not self._closed:
            self._timer = self._clock.callLater(pause, self._again)

    def _came(self) -> None:
        """A good value has come."""

    def _pause(self) -> float:
        """Seconds until the next GET."""
        raise NotImplementedError

    def _again(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """See `Closable`."""
        self._closed = True
        self._getting.close()
        if self._timer is not None and self._timer.active():
            self._timer.cancel()


class Watch(_Repeated):
    """Follows an answer that goes on.

    A stream that told something, and lasted, is opened again at once. Otherwise there is a wait,
    of a series that begins anew with each value.
    """

    def __init__(
        self,
        service: HttpService,
        target: str,
        clock: Clock,
        waits: Callable[[], Iterator[float]],
        follower: Follower,
    ) -> None:
        super().__init__(service, target, clock, follower)
        self._waits = waits
        self._series = waits()
        self._shortest = next(waits())
        self._again()

    def _again(self) -> None:
        self._ask(HEAD_PATIENCE, whole=False)

    def _came(self) -> None:
        if self._values == 1:
            self._series = self._waits()

    def _pause(self) -> float:
        lasted = self._clock.seconds() - self._started
        if self._values and lasted >= self._shortest:
            return 0.0
        return next(self._series)


class Poll(_Repeated):
    """Asks at once, and then again every `period` seconds, measured from question to question.

    An answer must be there within `patience` seconds; no question is asked before the last one
    has had its answer.
    """

    def __init__(
        self,
        service: HttpService,
        target: str,
        clock: Clock,
        period: float,
        patience: float,
        follower: Follower,
    ) -> None:
        super().__init__(service, target, clock, follower)
        self._period = period
        self._patience = patience
        self._again()

    def _again(self) -> None:
        self._ask(self._patience, whole=True)

    def _pause(self) -> float:
        return max(self._period - (self._clock.seconds() - self._started), 0.0)


class Once:
    """One GET for one value; `told` gets it, or why there is none."""

    def __init__(
        self,
        service: HttpService,
        target: str,
        patience: float,
        told: Callable[[Any, str | None], None],
    ) -> None:
        self._url = service.url(target)
        self._told = told
        self._lines = JsonLines()
        self._values: list[Any] = []
        self._getting = service.get(target, self, patience, whole=True)

    def began(self) -> None:
        """See `Listener`."""

    def received(self, data: bytes) -> None:
        """See `Listener`."""
        try:
            self._values += self._lines.feed(data)
        except ValueError as error:
            self._getting.close()
            self._told(None, f"{self._url}: {error}")

    def ended(self, error: FetchFailed | None) -> None:
        """See `Listener`."""
        reason = None if error is None else str(error)
        try:
            self._values += self._lines.end() if error is None else ()
        except ValueError as wrong:
            reason = f"{self._url}: {wrong}"
        if reason is None and len(self._values) != 1:
            reason = f"{self._url}: {len(self._values)} values where one was expected"
        self._told(None if reason is not None else self._values[0], reason)

    def close(self) -> None:
        """See `Closable`."""
        self._getting.close()
