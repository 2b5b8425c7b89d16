"""Overload: when most answers of a client's backends are refusals, some requests are not sent.

The backends say themselves that they are overloaded (a nack); a request that would only be refused,
and sent again, costs them work that they have no time for. While no backend refuses anything,
nothing is computed here: `troubled` is False.

Source: dataplane spec, section 3.6.
"""

import math
from collections.abc import Callable
from random import Random

WINDOW = 120.0
"""Seconds that the average of accepted requests looks back."""

THRESHOLD = 0.5
"""The share of accepted requests below which some are dropped."""

MOST_DROPPED = 0.75
"""The rest goes through, to see whether the backends have recovered."""

BUSY = 5.0
"""Answers per second; below, a few refusals say little."""

_SOUND = 0.999


class Overload:
    """The share of a client's requests that its backends accept, as a moving average over time."""

    __slots__ = (
        "_answers",
        "_chance",
        "_rate",
        "_second",
        "_seconds",
        "_seen",
        "share",
        "troubled",
    )

    def __init__(self, seconds: Callable[[], float], chance: Random) -> None:
        self._seconds = seconds
        self._chance = chance
        self.troubled = False
        self.share = 1.0
        self._seen = self._second = 0.0
        self._answers = 0
        self._rate = 0.0

    def nacked(self) -> None:
        """A backend refused a request. The first one only starts the clock."""
        if not self.troubled:
            self.troubled = True
            self._seen = self._second = self._seconds()
            self._answers, self._rate = 0, 0.0
        self._note(0.0)

    def accepted(self) -> None:
        """There was another outcome. Need only be told while `troubled`."""
        self._note(1.0)
        if self.share > _SOUND:
            self.share, self.troubled = 1.0, False

    def _note(self, outcome: float) -> None:
        now = self._seconds()
        old = math.exp((self._seen - now) / WINDOW)
        self.share = self.share * old + outcome * (1 - old)
        self._seen = now
        self._answers += 1
        if now - self._second >= 1:
            self._rate = self._answers / (now - self._second)
            self._second, self._answers = now, 0

    def drops(self) -> bool:
        """Whether the next request is not sent."""
        if self.share >= THRESHOLD or self._rate < BUSY:
            return False
        return self._chance.random() < min(MOST_DROPPED, 1 - self.share / THRESHOLD)
