"""Computed values: a plain function that reads Vars as it goes, run again when one of them changes.

It says in straight code what would otherwise be a tower of `flat_map`: what is read may depend on
what was read before. Name binding is such a function.
"""

from collections.abc import Callable, Hashable
from typing import Any, Generic, Protocol, TypeVar

from linkerpy.core.activity import Activity, Failed, State
from linkerpy.core.closable import NOTHING, Closable
from linkerpy.core.var import Derived, Order, Var, put_off

T = TypeVar("T")
U = TypeVar("U")


class Read(Protocol):
    """How a computation gets at a Var."""

    def __call__(self, key: Hashable, var: Callable[[], Var[U]]) -> U:
        """The present value of `var()`, which is made once and observed while it is read.

        The Var is known by `key`: one that the last run read as well is not made again.
        """


def computed(fn: Callable[[Read], T]) -> Var[T]:
    """The value of `fn`, which is run once for each change, however many of its inputs it reaches.

    An input stays observed until a run does not read it any more.
    """
    return Derived(lambda observer, order: _Computation(fn, observer, order))


def computed_activity(fn: Callable[[Read], State[T]]) -> Activity[T]:
    """The state that `fn` gives; an exception in it becomes Failed."""

    def step(read: Read) -> State[T]:
        try:
            return fn(read)
        except Exception as error:  # noqa: BLE001 - it becomes the state
            return Failed(error)

    return Activity(computed(step))


class _Input:
    """A Var that was read: its latest value and the handle of its observation."""

    __slots__ = ("handle", "run", "value")

    def __init__(self) -> None:
        self.value: Any = None
        self.handle: Closable = NOTHING
        self.run = 0


class _Computation(Generic[T]):
    """One observer's run of a computation."""

    def __init__(
        self, fn: Callable[[Read], T], observer: Callable[[T], None], order: Order
    ) -> None:
        self._fn = fn
        self._observer = observer
        self._order = order
        self._inputs: dict[Hashable, _Input] = {}
        self._opened = 0
        self._run = 0
        self._running = False
        self._stale = False
        self._closed = False
        try:
            self._compute()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """See `Closable`."""
        self._closed = True
        inputs, self._inputs = self._inputs, {}
        for entry in inputs.values():
            entry.handle.close()

    def _read(self, key: Hashable, var: Callable[[], Var[U]]) -> U:
        entry = self._inputs.get(key)
        if entry is None:
            entry = self._inputs[key] = self._open(var())
        entry.run = self._run
        value: U = entry.value
        return value

    def _open(self, var: Var[Any]) -> _Input:
        entry = _Input()
        self._opened += 1

        def changed(value: Any) -> None:
            entry.value = value
            if entry.handle is NOTHING:
                return  # what `observe` tells at once is read right after
            if self._running:
                self._stale = True
            else:
                put_off(self._compute, self._order)

        entry.handle = var.observe(changed, (*self._order, self._opened))
        return entry

    def _compute(self) -> None:
        if self._closed:
            return
        self._running = self._stale = True
        try:
            while self._stale:  # opening one input may change another
                self._stale = False
                self._run += 1
                value = self._fn(self._read)
        finally:
            self._running = False
        for key, entry in list(self._inputs.items()):
            if entry.run != self._run:
                del self._inputs[key]
                entry.handle.close()
        self._observer(value)
