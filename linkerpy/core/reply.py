"""Reply: a one-shot result that a coroutine awaits and a protocol resolves.

It does what a Deferred does for one waiter and nothing else, at a fraction of its cost: one
request makes several of them. `drive` is its only waiter.
"""

from collections.abc import Callable, Generator
from typing import Any, Generic, TypeVar

from linkerpy.core.errors import Cancelled

T = TypeVar("T")

_PENDING, _DONE, _FAILED = range(3)


class Reply(Generic[T]):
    """The answer to come. Resolved, failed or cancelled once; later outcomes are dropped.

    Dropping is deliberate: a backend may answer just after its request was cancelled, and the
    protocol that delivers the answer should not need to know.

    `on_cancel` is called with the reason when the waiter gives up, so that whoever would have
    resolved the reply can stop working on it. `waiter` is called once there is an outcome; it is
    the driver's to set.
    """

    __slots__ = ("_outcome", "_state", "on_cancel", "waiter")

    def __init__(self, on_cancel: Callable[[BaseException], None] | None = None) -> None:
        self._state = _PENDING
        self._outcome: Any = None
        self.waiter: Callable[[], None] | None = None
        self.on_cancel = on_cancel

    def __repr__(self) -> str:
        if self._state == _PENDING:
            return "<Reply pending>"
        return f"<Reply {'failed' if self._state == _FAILED else 'resolved'}: {self._outcome!r}>"

    @property
    def pending(self) -> bool:
        """Whether no outcome is known yet."""
        return self._state == _PENDING

    def resolve(self, value: T) -> None:
        """Give the waiter its value."""
        self._settle(_DONE, value)

    def fail(self, error: BaseException) -> None:
        """Raise `error` in the waiter."""
        self._settle(_FAILED, error)

    def cancel(self, reason: BaseException | None = None) -> None:
        """Give up waiting: tell the producer, then fail with `reason`."""
        if self._state != _PENDING:
            return
        reason = reason or Cancelled("no longer wanted")
        stop, self.on_cancel = self.on_cancel, None
        if stop is not None:
            stop(reason)
        self.fail(reason)

    def _settle(self, state: int, outcome: Any) -> None:
        if self._state != _PENDING:
            return
        self._state = state
        self._outcome = outcome
        self.on_cancel = None
        waiter, self.waiter = self.waiter, None
        if waiter is not None:
            waiter()

    def __await__(self) -> Generator["Reply[T]", None, T]:
        if self._state == _PENDING:
            yield self
        if self._state == _FAILED:
            raise self._outcome
        value: T = self._outcome
        return value
