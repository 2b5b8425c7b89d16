"""Var: a value that changes, pushed to whoever observes it.

Changes are told synchronously and in one thread; nothing polls. What is made of several values
waits until the change has reached all of them: a collected value changes once for each change at
the root, and a `flat_map` drops a stale inner value before that value can speak.

Source: naming spec, section 4.1.
"""

import math
from collections.abc import Callable
from heapq import heappop, heappush
from operator import itemgetter
from typing import Any, Generic, Protocol, TypeVar

from linkerpy.core.closable import NOTHING, Closable, Group, OnClose

Order = tuple[float, ...]
"""An observer's place in the expression that observes: the way to it from the root.

Observers of one source hear a change in this order; what is put off is done in post-order, parts
before the whole."""

T = TypeVar("T")
U = TypeVar("U")
T_co = TypeVar("T_co", covariant=True)


class Var(Protocol[T_co]):
    """A value that changes over time."""

    def observe(self, observer: Callable[[T_co], None], order: Order = ()) -> Closable:
        """Tell `observer` the present value now and each new one, until the handle is closed.

        `order` is for Vars made of others: the place at which they observe a part.
        """

    def sample(self) -> T_co:
        """The present value; an unobserved asynchronous value is started and stopped for it."""


class _Turn:
    """One change and everything it causes, so that a value made of several changes only once.

    The outermost update begins and ends the turn; what was put off is done at its end.
    """

    def __init__(self) -> None:
        self.depth = 0
        self._waiting: set[Callable[[], None]] = set()
        self._queue: list[tuple[Order, int, Callable[[], None]]] = []
        self._count = 0

    def put_off(self, action: Callable[[], None], order: Order) -> None:
        """See `put_off`."""
        if self.depth == 0:
            action()
        elif action not in self._waiting:
            self._waiting.add(action)
            self._count += 1  # makes the entries distinct before the action is compared
            heappush(self._queue, ((*order, math.inf), self._count, action))

    def __enter__(self) -> None:
        self.depth += 1

    def __exit__(self, *exc_info: object) -> None:
        failure: Exception | None = None
        while self.depth == 1 and self._queue:
            action = heappop(self._queue)[2]
            self._waiting.remove(action)
            try:
                action()
            except Exception as error:  # noqa: BLE001 - the others must get their turn
                failure = failure or error
        self.depth -= 1
        if failure is not None:
            raise failure


_TURN = _Turn()


def put_off(action: Callable[[], None], order: Order = ()) -> None:
    """Run `action` once the change under way has reached everyone, or now if there is none.

    The same action is run once however often it is put off. Actions run by `order`, those of the
    parts of a whole before the whole's.
    """
    _TURN.put_off(action, order)


_ORDER = itemgetter(0, 1)


class Source(Generic[T]):
    """A Var whose value is set from outside. Observers hear of it by order, then by arrival."""

    def __init__(self, initial: T) -> None:
        self._value = initial
        self._version = 0
        self._arrivals = 0
        self._observers: dict[int, tuple[Order, int, Callable[[T], None]]] = {}

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
            for _, arrival, observer in sorted(self._observers.values(), key=_ORDER):
                if self._version != version:
                    return
                if arrival in self._observers:
                    observer(value)

    def observe(self, observer: Callable[[T], None], order: Order = ()) -> Closable:
        """See `Var.observe`."""
        self._arrivals += 1
        arrival = self._arrivals
        self._observers[arrival] = (order, arrival, observer)
        observer(self._value)

        def leave() -> None:
            del self._observers[arrival]

        return OnClose(leave)

    def sample(self) -> T:
        """See `Var.sample`."""
        return self._value


class Async(Generic[T]):
    """A Var with a source of its own that runs only while somebody observes.

    `start(update)` opens the source and returns the handle that closes it. With nobody observing
    the value goes back to `initial`: what is not watched is not known. What `start` observes is
    an expression of its own: a change that reaches an observer both through it and past it may be
    told twice.
    """

    def __init__(self, initial: T, start: Callable[[Callable[[T], None]], Closable]) -> None:
        self._initial = initial
        self._start = start
        self._count = 0
        self._running: Closable = NOTHING
        self._source: Source[T] = Source(initial)

    def observe(self, observer: Callable[[T], None], order: Order = ()) -> Closable:
        """See `Var.observe`."""
        self._count += 1
        if self._count == 1:
            try:
                self._run()
            except BaseException:
                self._count = 0
                raise
        subscription = self._source.observe(observer, order)

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

    def __init__(self, observe: Callable[[Callable[[T], None], Order], Closable]) -> None:
        self._observe = observe

    def observe(self, observer: Callable[[T], None], order: Order = ()) -> Closable:
        """See `Var.observe`."""
        return self._observe(observer, order)

    def sample(self) -> T:
        """See `Var.sample`."""
        seen: list[T] = []
        self._observe(seen.append, ()).close()
        return seen[-1]


def map_var(var: Var[T], fn: Callable[[T], U]) -> Var[U]:
    """The value of `fn` at every value of `var`."""
    return Derived(lambda observer, order: var.observe(lambda v: observer(fn(v)), order))


def distinct_var(var: Var[T]) -> Var[T]:
    """`var` without the values that equal the one before."""

    def observe(observer: Callable[[T], None], order: Order) -> Closable:
        last: list[T] = []

        def changed(value: T) -> None:
            if last != [value]:
                last[:] = [value]
                observer(value)

        return var.observe(changed, order)

    return Derived(observe)


def flat_map_var(var: Var[T], fn: Callable[[T], Var[U]]) -> Var[U]:
    """The value of the Var that `fn` gives for the present value of `var`.

    The new inner Var is observed before the old one is dropped, so that what both are made of
    stays alive across the change.
    """

    def observe(observer: Callable[[U], None], order: Order) -> Closable:
        current: list[Closable] = []
        latest: list[U] = []
        turn = [0]
        started = False

        def tell() -> None:
            if latest:
                observer(latest.pop())

        def outer(value: T) -> None:
            turn[0] += 1
            mine = turn[0]

            def inner(result: U) -> None:
                if turn[0] == mine:
                    latest[:] = [result]
                    if started:
                        put_off(tell, order)

            handle = fn(value).observe(inner, (*order, 1))
            if turn[0] != mine:  # the outer value changed while we subscribed
                handle.close()
                return
            old = current[:]
            current[:] = [handle]
            for stale in old:
                stale.close()

        subscription = var.observe(outer, (*order, 0))
        started = True
        tell()

        def close() -> None:
            turn[0] += 1
            latest.clear()
            subscription.close()
            for handle in current:
                handle.close()
            current.clear()

        return OnClose(close)

    return Derived(observe)


def collect_vars(parts: list[Var[T]]) -> Var[list[T]]:
    """All values in one list; one update for each change, however many parts it reaches."""

    def observe(observer: Callable[[list[T]], None], order: Order) -> Closable:
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
                    put_off(tell, order)

            handles.add(part.observe(changed, (*order, index)))

        for index, part in enumerate(parts):
            watch(index, part)
        started = True
        tell()
        return handles

    return Derived(observe)
