"""Activity: a changing value that may still be pending or have failed.

It is a Var of `Pending | Ok | Failed`. The first observer opens its source, the last one to leave
closes it.

Source: naming spec, section 4.1.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from linkerpy.core.closable import Closable
from linkerpy.core.var import (
    Derived,
    Order,
    Source,
    Var,
    collect_vars,
    distinct_var,
    flat_map_var,
    map_var,
)

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Pending:
    """No value yet."""


@dataclass(frozen=True, slots=True)
class Ok(Generic[T]):
    """A value."""

    value: T


@dataclass(frozen=True, slots=True)
class Failed:
    """The reason why there is no value. Equal to another failure with the same text."""

    error: BaseException

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Failed):
            return NotImplemented
        return type(self.error) is type(other.error) and str(self.error) == str(other.error)

    def __hash__(self) -> int:
        return hash((type(self.error), str(self.error)))


State = Pending | Ok[T] | Failed
PENDING = Pending()


class Activity(Generic[T]):
    """A changing value that may be pending or failed: a Var of `Pending | Ok | Failed`."""

    __slots__ = ("states",)

    def __init__(self, states: Var[State[T]]) -> None:
        self.states = states

    @staticmethod
    def value(value: T) -> "Activity[T]":
        """An activity that is Ok and stays so."""
        return Activity(Source[State[T]](Ok(value)))

    @staticmethod
    def failed(error: BaseException) -> "Activity[T]":
        """An activity that has failed and stays so."""
        return Activity(Source[State[T]](Failed(error)))

    @staticmethod
    def pending() -> "Activity[T]":
        """An activity that never has a value."""
        return Activity(Source[State[T]](PENDING))

    def observe(self, observer: Callable[[State[T]], None], order: Order = ()) -> Closable:
        """Tell `observer` the present state now and each new one, until the handle is closed."""
        return self.states.observe(observer, order)

    def sample(self) -> State[T]:
        """The present state."""
        return self.states.sample()

    def map(self, fn: Callable[[T], U]) -> "Activity[U]":
        """Change the values; an exception in `fn` becomes Failed."""

        def step(state: State[T]) -> State[U]:
            if not isinstance(state, Ok):
                return state
            try:
                return Ok(fn(state.value))
            except Exception as error:  # noqa: BLE001 - it becomes the state
                return Failed(error)

        return Activity(map_var(self.states, step))

    def flat_map(self, fn: "Callable[[T], Activity[U]]") -> "Activity[U]":
        """Follow the activity that `fn` gives for the present value."""

        def step(state: State[T]) -> Var[State[U]]:
            if not isinstance(state, Ok):
                return Source[State[U]](state)
            try:
                return fn(state.value).states
            except Exception as error:  # noqa: BLE001 - it becomes the state
                return Source[State[U]](Failed(error))

        return Activity(flat_map_var(self.states, step))

    def dedup(self) -> "Activity[T]":
        """Drop a state that equals the one before it."""
        return Activity(distinct_var(self.states))

    def stabilize(self) -> "Activity[T]":
        """After the first Ok, repeat the last Ok instead of a Pending or Failed."""

        def observe(observer: Callable[[State[T]], None], order: Order) -> Closable:
            good: list[State[T]] = []

            def changed(state: State[T]) -> None:
                if isinstance(state, Ok):
                    good[:] = [state]
                observer(good[0] if good else state)

            return self.states.observe(changed, order)

        return Activity(Derived(observe))

    def first(self, done: Callable[[Ok[T] | Failed], None]) -> Closable:
        """Tell `done` the first state that is not pending, once; closing gives up waiting."""
        handles: list[Closable] = []
        told = [False]

        def changed(state: State[T]) -> None:
            if told[0] or isinstance(state, Pending):
                return
            told[0] = True
            for handle in handles:
                handle.close()
            done(state)

        handle = self.states.observe(changed)
        handles.append(handle)
        if told[0]:
            handle.close()
        return handle


def collect(parts: list[Activity[T]]) -> Activity[list[State[T]]]:
    """The states of all parts, as one value that is always Ok."""
    states = collect_vars([part.states for part in parts])
    return Activity(cast("Var[State[list[State[T]]]]", map_var(states, Ok)))
