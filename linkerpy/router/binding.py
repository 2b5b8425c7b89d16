"""Binding: what one name leads to at present, and those who wait to hear it.

The last good tree stays in use whatever happens to the namers later; only a new good tree replaces
it. Requests wait for a first answer, never for a better one.

Source: naming spec, section 4.2.
"""

from copy import copy

from linkerpy.core.activity import Activity, Failed, Ok, Pending, State
from linkerpy.core.closable import NOTHING, Closable
from linkerpy.core.errors import BindingFailed, RouterError
from linkerpy.core.reply import Reply
from linkerpy.naming.namer import BoundTree


class Binding:
    """The live binding of one name.

    `tree` is None until the name has been bound once.
    """

    __slots__ = ("_error", "_subscription", "_waiters", "closed", "tree")

    def __init__(self, activity: Activity[BoundTree]) -> None:
        self.tree: BoundTree | None = None
        self.closed = False
        self._error: BaseException | None = None
        self._waiters: list[Reply[BoundTree]] = []
        self._subscription: Closable = NOTHING
        self._subscription = activity.observe(self._changed)

    def __repr__(self) -> str:
        state = "named" if self.tree is not None else "failed" if self._error else "pending"
        return f"<Binding {state}, {len(self._waiters)} waiting>"

    def _changed(self, state: State[BoundTree]) -> None:
        match state:
            case Ok(tree):
                self.tree = tree
                self._error = None
                for waiter in self._take_waiters():
                    waiter.resolve(tree)
            case Failed(error):
                self._error = error
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
        elif self._error is not None:
            reply.fail(_as_router_error(self._error))
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
