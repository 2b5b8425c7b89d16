"""Var: a value that changes, pushed to whoever observes it.

Changes are told synchronously and in one thread; nothing polls. Observers of one source hear of a
change by depth, so that a `flat_map` drops a stale inner value before that value can speak, and a
value collected from several others changes once for each change at the root.

Source: naming spec, section 4.1.
"""

from bisect import insort
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from linkerpy.core.closable import NOTHING, Closable, Group, OnClose

T = TypeVar("T")
U = TypeVar("U")
T_co = TypeVar("T_co", covariant=True)


class Var(Protocol[T_co]):
    """A value that changes over time."""

    def observe(self, observer: Callable[[T_co], None], depth: int = 0) -> Closable:
        """Tell `observer` the present value now and each new one, until the handle is closed.

        `depth` orders observers of one source: lower ones hear a change first.
        """

    def sample(self) -> T_co:
        """The present value; an unobserved asynchronous value is started and stopped for it."""


class _Turn:
    """One change and everything it causes, so that a value made of several changes only once.

    The outermost update begins and ends the turn; what was put off is done at its end, in the
    order of being put off.
    """

    def __init__(self) -> None:
        self.depth = 0
        self._put_off: dict[Callable[[], None], None] = {}

    def put_off(self, action: Callable[[], None]) -> None:
        """Run `action` at the end of the turn, once, or now if no change is under way."""
        if self.depth == 0:
            action()
        else:
            self._put_off[action] = None

    def __enter__(self) -> None:
        self.depth += 1

    def __exit__(self, *exc_info: object) -> None:
        try:
            while self.depth == 1 and self._put_off:
                action = next(iter(self._put_off))
                del self._put_off[action]
                action()
        finally:
            self.depth -= 1


_TURN = _Turn()


class Source(Generic[T]):
    """A Var whose value is set from outside. Observers hear of it by depth, then by arrival."""

    def __init__(self, initial: T) -> None:
        self._value = initial
        self._version = 0
        self._arrivals = 0
        self._observers: list[tuple[int, int, Callable[[T], None]]] = []

    def __repr__(self) -> str:
        return f"<Source {self._value!r}, {len(self._observers)} observers>"

    def update(self, value: T) -> None:
        """Change the value and tell the observers, even if it equals the last one.

        An observer that left in the meantime is not told, and telling stops when one of them sets
        a newer value: that update has told everyone already.
        """
        self._value = value
        self._version += 1
        version = self._version
        with _TURN:
            for entry in list(self._observers):
                if self._version != version:
                    return
                if entry in self._observers:
                    entry[2](value)

    def observe(self, observer: Callable[[T], None], depth: int = 0) -> Closable:
        """See `Var.observe`."""
        self._arrivals += 1
        entry = (depth, self._arrivals, observer)
        insort(self._observers, entry, key=lambda e: e[:2])
        observer(self._value)
        return OnClose(lambda: self._observers.remove(entry))

    def sample(self) -> T:
        """See `Var.sample`."""
        return self._value


class Async(Generic[T]):
    """A Var with a source of its own that runs only while somebody observes.

    `start(update)` opens the source and returns the handle that closes it. With nobody observing
    the value goes back to `initial`: what is not watched is not known.
    """

    def __init__(self, initial: T, start: Callable[[Callable[[T], None]], Closable]) -> None:
        self._initial = initial
        self._start = start
        self._count = 0
        self._running: Closable = NOTHING
        self._source: Source[T] = Source(initial)

    def observe(self, observer: Callable[[T], None], depth: int = 0) -> Closable:
        """See `Var.observe`."""
        self._count += 1
        if self._count == 1:
            self._run()
        subscription = self._source.observe(observer, depth)

        def leave() -> None:
            subscription.close()
            self._count -= 1
            if self._count == 0:
                running, self._running = self._running, NOTHING
                self._source = Source(self._initial)
                running.close()

        return OnClose(leave)

    def _run(self) -> None:
        source = self._source

        def update(value: T) -> None:
            if self._source is source:  # a source that was stopped has nothing more to say
                source.update(value)

        self._running = self._start(update)

    def sample(self) -> T:
        """See `Var.sample`."""
        handle = self.observe(lambda _: None)
        value = self._source.sample()
        handle.close()
        return value


class Derived(Generic[T]):
    """A Var that is computed from others for each of its observers."""

    def __init__(self, observe: Callable[[Callable[[T], None], int], Closable]) -> None:
        self._observe = observe

    def observe(self, observer: Callable[[T], None], depth: int = 0) -> Closable:
        """See `Var.observe`."""
        return self._observe(observer, depth)

    def sample(self) -> T:
        """See `Var.sample`."""
        seen: list[T] = []
        self._observe(seen.append, 0).close()
        return seen[-1]


def map_var(var: Var[T], fn: Callable[[T], U]) -> Var[U]:
    """The value of `fn` at every value of `var`."""
    return Derived(lambda observer, depth: var.observe(lambda v: observer(fn(v)), depth))


def flat_map_var(var: Var[T], fn: Callable[[T], Var[U]]) -> Var[U]:
    """The value of the Var that `fn` gives for the present value of `var`.

    The new inner Var is observed before the old one is dropped, so that what both are made of
    stays alive across the change.
    """

    def observe(observer: Callable[[U], None], depth: int) -> Closable:
        current: list[Closable] = []
        turn = [0]

        def outer(value: T) -> None:
            turn[0] += 1
            mine = turn[0]

            def inner(result: U) -> None:
                if turn[0] == mine:
                    observer(result)

            handle = fn(value).observe(inner, depth + 1)
            if turn[0] != mine:  # the outer value changed while we subscribed
                handle.close()
                return
            old = current[:]
            current[:] = [handle]
            for stale in old:
                stale.close()

        subscription = var.observe(outer, depth)

        def close() -> None:
            turn[0] += 1
            subscription.close()
            for handle in current:
                handle.close()
            current.clear()

        return OnClose(close)

    return Derived(observe)


def collect_vars(parts: list[Var[T]]) -> Var[list[T]]:
    """All values in one list; one update for each change, however many parts it reaches."""

    def observe(observer: Callable[[list[T]], None], depth: int) -> Closable:
        values: list[Any] = [None] * len(parts)
        handles = Group()
        started = False

        def tell() -> None:
            if not handles.closed:
                observer(list(values))

        def watch(index: int, part: Var[T]) -> None:
            def changed(value: T) -> None:
                values[index] = value
                if started:
                    _TURN.put_off(tell)

            handles.add(part.observe(changed, depth))

        for index, part in enumerate(parts):
            watch(index, part)
        started = True
        tell()
        return handles

    return Derived(observe)
