"""Budget: how many retries the requests of the last seconds have earned.

A token bucket that forgets: what was paid in or taken out counts for `ttl` seconds. A reserve on
top of it lets a service with little traffic retry, too.

Source: dataplane spec, section 3.2; config spec, section 9.3.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

_SLICES = 10
_DEPOSIT = 1000


@dataclass(frozen=True, slots=True)
class BudgetRule:
    """`ttl` in seconds; `per_request` is the retries that a request earns, 2.0 is two."""

    ttl: float = 10.0
    min_per_second: int = 10
    per_request: float = 0.2

    @property
    def never(self) -> bool:
        """Whether there are no retries at all."""
        return self.min_per_second == 0 and self.per_request == 0


class Budget:
    """Requests `deposit`, retries `withdraw`.

    Tokens are counted by slices, a tenth of `ttl` long: they count until the slice that begins
    `ttl` after theirs did. Withdrawals end like deposits do, so that the reserve fills again.
    """

    __slots__ = (
        "_cost",
        "_earned",
        "_ends",
        "_past",
        "_present",
        "_reserve",
        "_seconds",
        "_slice",
        "_width",
    )

    def __init__(self, rule: BudgetRule, seconds: Callable[[], float]) -> None:
        free = rule.per_request == 0
        self._earned = 0 if free else _DEPOSIT
        self._cost = 1 if free else int(_DEPOSIT / rule.per_request)
        self._reserve = int(rule.min_per_second * rule.ttl) * self._cost
        self._width = rule.ttl / _SLICES
        self._seconds = seconds
        self._present = 0
        self._past: deque[int] = deque([0] * (_SLICES - 1), _SLICES - 1)
        self._slice = int(seconds() / self._width)
        self._ends = (self._slice + 1) * self._width

    def __repr__(self) -> str:
        return f"<Budget of {self.balance} retries>"

    @property
    def balance(self) -> int:
        """How many retries there could be now."""
        return max(self._tokens() // self._cost, 0)  # deposits end before what they paid for

    def deposit(self) -> None:
        """Earn with a request."""
        if self._seconds() >= self._ends:
            self._turn()
        self._present += self._earned

    def withdraw(self) -> bool:
        """Pay for a retry; whether there was enough."""
        if self._tokens() < self._cost:
            return False
        self._present -= self._cost
        return True

    def _tokens(self) -> int:
        if self._seconds() >= self._ends:
            self._turn()
        return self._reserve + sum(self._past) + self._present

    def _turn(self) -> None:
        """Begin the present slice: what is older than `ttl` falls out at the far end."""
        now = int(self._seconds() / self._width)
        for _ in range(min(now - self._slice, _SLICES)):
            self._past.append(self._present)
            self._present = 0
        self._slice = now
        self._ends = (now + 1) * self._width
