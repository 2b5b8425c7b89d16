"""Runs a coroutine that awaits Replies (or Deferreds, known by their methods).

One `Drive` runs one request. It steps the coroutine straight from whoever resolves the awaited
reply: there is no task queue, no loop and no context switch. See docs/life_of_a_request.md.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from linkerpy.core.errors import Cancelled
from linkerpy.core.reply import Reply

Done = Callable[[Any, BaseException | None], None]
"""Told once: (result, None) or (None, error)."""


class Drive:
    """A running coroutine.

    `cancel` throws into the coroutine where it waits, after telling the awaited reply's producer
    to stop; the coroutine's `finally` blocks release what it holds and must not await.
    """

    __slots__ = ("_coroutine", "_done", "_running", "_waiting")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], done: Done) -> None:
        self._coroutine: Coroutine[Any, Any, Any] | None = coroutine
        self._done = done
        self._waiting: Any = None
        self._running = False
        self._step()

    @property
    def finished(self) -> bool:
        """Whether the result has been told."""
        return self._coroutine is None

    def cancel(self, reason: BaseException | None = None) -> None:
        """Stop the coroutine by raising `reason` inside it. Nothing happens once it has finished.

        Raises:
            RuntimeError: called by the coroutine itself, which should raise instead.
        """
        if self._coroutine is None:
            return
        if self._running:
            raise RuntimeError("a coroutine cannot cancel itself; raise instead")
        waiting, self._waiting = self._waiting, None
        if type(waiting) is Reply:
            waiting.waiter = None
            waiting.cancel(reason)
        elif waiting is not None:
            waiting.cancel()
        self._step(reason or Cancelled("no longer wanted"))

    def _step(self, error: BaseException | None = None) -> None:
        """Run until the next reply that has no outcome yet, or to the end."""
        coroutine = self._coroutine
        if coroutine is None:
            return
        self._waiting = None
        self._running = True
        try:
            waiting = coroutine.send(None) if error is None else coroutine.throw(error)
        except StopIteration as stop:
            self._running = False
            self._coroutine = None
            self._done(stop.value, None)
            return
        except BaseException as failure:  # noqa: BLE001 - it is the result, whatever it is
            self._running = False
            self._coroutine = None
            self._done(None, failure)
            return
        self._running = False
        self._waiting = waiting
        if type(waiting) is Reply:
            waiting.waiter = self._step
        else:
            self._await_foreign(waiting)

    def _await_foreign(self, deferred: Any) -> None:
        """Wait for a Deferred without importing Twisted: it is known by `addCallbacks`.

        Resumed, `Deferred.__await__` reads its result by itself; a failure is thrown in.
        """
        if not hasattr(deferred, "addCallbacks"):
            self._step(TypeError(f"cannot await {deferred!r}: neither a Reply nor a Deferred"))
            return

        def succeeded(_result: Any) -> None:
            if self._waiting is deferred:
                self._step()

        def failed(failure: Any) -> None:
            if self._waiting is deferred:
                self._step(failure.value)

        deferred.addCallbacks(succeeded, failed)


def drive(coroutine: Coroutine[Any, Any, Any], done: Done) -> Drive:
    """Run `coroutine`; `done` is told its result once, perhaps before this returns."""
    return Drive(coroutine, done)
