"""Binding: what one name leads to at present, and those who wait to hear it.

The last good tree stays in use whatever happens to the namers later; only a new good tree replaces
it. Requests wait for a first answer, never for a better one.

Source: naming spec, section 4.2.
"""

from collections.abc import Callable
from copy import copy

from linkerpy.core.activity import Activity, Failed, Ok, Pending, State
from linkerpy.core.closable import NOTHING, Closable
from linkerpy.core.errors import BindingFailed, RouterError
from linkerpy.core.reply import Reply
from linkerpy.naming.namer import BoundTree


class Story:
    """What became of a binding, for people: moments in seconds, None for what never was."""

    __slots__ = ("changed", "changes", "failed_at", "failures", "last_error", "opened")

    def __init__(self, now: float) -> None:
        self.opened = now
        self.changed: float | None = None
        self.changes = 0
        self.failed_at: float | None = None
        self.failures = 0
        self.last_error = ""

    def bound(self, now: float) -> None:
        """There is a tree, the first one or another."""
        self.changed = now
        self.changes += 1

    def failed(self, now: float, error: BaseException) -> None:
        """The namers failed; the text of an error is kept, not the error and what hangs on it."""
        self.failed_at = now
        self.failures += 1
        self.last_error = str(error) or type(error).__name__


class Binding:
    """The live binding of one name.

    `tree` is None until the name has been bound once; `error` is what keeps it from being bound
    anew, None while nothing does. `story` says when what happened, in the seconds of the clock.
    """

    __slots__ = ("_seconds", "_subscription", "_waiters", "closed", "error", "story", "tree")

    def __init__(self, activity: Activity[BoundTree], seconds: Callable[[], float]) -> None:
        self.tree: BoundTree | None = None
        self.closed = False
        self.error: BaseException | None = None
        self.story = Story(seconds())
        self._seconds = seconds
        self._waiters: list[Reply[BoundTree]] = []
        self._subscription: Closable = NOTHING
        self._subscription = activity.observe(self._changed)

    def __repr__(self) -> str:
        state = "named" if self.tree is not None else "failed" if self.error else "pending"
        return f"<Binding {state}, {len(self._waiters)} waiting>"

    def _changed(self, state: State[BoundTree]) -> None:
        match state:
            case Ok(tree):
                self.story.bound(self._seconds())
                self.tree = tree
                self.error = None
                for waiter in self._take_waiters():
                    waiter.resolve(tree)
            case Failed(error):
                self.story.failed(self._seconds(), error)
                self.error = error
                if self.tree is None:
                    for waiter in self._take_waiters():
                        waiter.fail(_as_router_error(error))
            case Pending():
                pass

    def _take_waiters(self) -> list[Reply[BoundTree]]:
        waiters, self._waiters = self._waiters, []
        return waiters

    def wait(self) -> Reply[BoundTree]:
        """The first tree; a failure known by now fails at once."""
        reply: Reply[BoundTree] = Reply(on_cancel=lambda _reason: self._waiters.remove(reply))
        if self.tree is not None:
            reply.resolve(self.tree)
        elif self.error is not None:
            reply.fail(_as_router_error(self.error))
        else:
            self._waiters.append(reply)
        return reply

    def close(self) -> None:
        """Stop following the name; those still waiting are told."""
        self.closed = True
        self._subscription.close()
        for waiter in self._take_waiters():
            waiter.fail(BindingFailed("the name's binding was closed while it was looked up"))


def _as_router_error(error: BaseException) -> RouterError:
    """The namer's own error if it can be shown to callers, or one with its text."""
    if isinstance(error, RouterError):
        return copy(error).with_traceback(None)  # a shared one would grow with every raise
    wrapped = BindingFailed(str(error) or type(error).__name__)
    wrapped.__cause__ = error
    return wrapped
