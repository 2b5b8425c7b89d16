"""What a name leads to at this moment: the steps, the bound names, their replicas.

Whatever a namer or the DNS has not answered when time is up becomes a failure that says so, so
that the rest of the explanation stands. `--offline` asks files, but nobody across the network.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from linkerpy.core.activity import PENDING, Activity, Failed, Ok, Pending, State
from linkerpy.core.computed import Read, computed, computed_activity
from linkerpy.core.errors import BindingFailed
from linkerpy.core.var import Source, Var
from linkerpy.naming import nametree
from linkerpy.naming.addr import Addr, AddrFailed, AddrPending
from linkerpy.naming.bound import Bound
from linkerpy.naming.delegate import DelegateTree, Delegator
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.inet import Inet, literal
from linkerpy.naming.namer import BoundTree, Interpreter, LookupTree, Namer
from linkerpy.naming.nametree import Leaf, Union
from linkerpy.naming.path import Path

T = TypeVar("T")


class NotAsked(BindingFailed):
    """`--offline`: who knows it was not asked."""


class NoAnswer(BindingFailed):
    """Who knows it has not answered in time."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A bound name, the share of requests that it gets, and its replicas."""

    share: float
    bound: Bound
    addr: Addr


@dataclass(frozen=True, slots=True)
class Found:
    """What a name leads to. `steps` is None if the interpreter cannot explain itself."""

    steps: DelegateTree | None = None
    destinations: tuple[Destination, ...] = ()
    error: str = ""
    """Why the name could not be bound."""


def look_up(interpreter: Interpreter, dtab: Dtab, path: Path) -> Activity[Found]:
    """Pending until everything has been answered."""

    def looking(read: Read) -> State[Found]:
        bound = read("bind", lambda: interpreter.bind(dtab, path).states)
        steps: State[DelegateTree] | None = None
        if isinstance(interpreter, Delegator):
            asked = interpreter.delegate(dtab, path).states
            steps = read("steps", lambda: asked)
        if isinstance(bound, Pending) or isinstance(steps, Pending):
            return PENDING
        known = steps.value if isinstance(steps, Ok) else None
        if isinstance(bound, Failed):
            return Ok(Found(known, error=str(bound.error) or type(bound.error).__name__))
        destinations = tuple(_destinations(bound.value, 1.0, read))
        if any(isinstance(one.addr, AddrPending) for one in destinations):
            return PENDING
        return Ok(Found(known, destinations))

    return computed_activity(looking)


def _destinations(tree: BoundTree, share: float, read: Read) -> Iterator[Destination]:
    match tree:
        case Leaf(bound):
            yield Destination(share, bound, read(bound, lambda: bound.addr))
        case Union(weighted):
            total = sum(branch.weight for branch in weighted)
            for branch in weighted:
                part = branch.weight / total if total else 1 / len(weighted)
                yield from _destinations(branch.tree, share * part, read)


class Deadline:
    """When time is up, what is pending has failed."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._passed: Source[bool] = Source(False)

    def pass_(self) -> None:
        """Time is up."""
        self._passed.update(True)

    def addr(self, what: str, addr: Var[Addr]) -> Var[Addr]:
        """`addr`, which fails when time is up."""
        late = AddrFailed(self._late(what))
        return self._by_then(addr, lambda state: isinstance(state, AddrPending), late)

    def activity(self, what: str, activity: Activity[T]) -> Activity[T]:
        """`activity`, which fails when time is up."""
        late: State[T] = Failed(self._late(what))
        return Activity(self._by_then(activity.states, lambda s: isinstance(s, Pending), late))

    def _late(self, what: str) -> NoAnswer:
        return NoAnswer(f"{what} has not answered within {self.seconds:g} s")

    def _by_then(self, var: Var[T], pending: Callable[[T], bool], late: T) -> Var[T]:
        def now(read: Read) -> T:
            value = read("value", lambda: var)
            return late if read("passed", lambda: self._passed) and pending(value) else value

        return computed(now)


class PromptInet(Inet):
    """The system's names, until a deadline."""

    def __init__(self, inet: Inet, deadline: Deadline) -> None:
        self._inet = inet
        self._deadline = deadline

    def addr(self, host: str, port: int) -> Var[Addr]:
        """See `Inet.addr`."""
        return self._deadline.addr(f"the DNS for {host}", self._inet.addr(host, port))

    def fixed(self, host: str, port: int) -> Var[Addr]:
        """See `Inet.fixed`."""
        return self._deadline.addr(f"the DNS for {host}", self._inet.fixed(host, port))


class OfflineInet(Inet):
    """Knows the names that spell an address; others are not asked for."""

    def __init__(self, inet: Inet) -> None:
        self._inet = inet

    def addr(self, host: str, port: int) -> Var[Addr]:
        """See `Inet.addr`."""
        if literal(host) is not None:
            return self._inet.addr(host, port)
        return _not_asked(f"{host}:{port}: the DNS is not asked (--offline)")

    fixed = addr


class PromptNamer:
    """A namer, until a deadline; `name` is what it is called then."""

    def __init__(self, name: str, namer: Namer, deadline: Deadline) -> None:
        self._name = name
        self._namer = namer
        self._deadline = deadline

    def lookup(self, path: Path) -> Activity[LookupTree]:
        """See `Namer.lookup`."""
        answer = self._deadline.activity(self._name, self._namer.lookup(path))
        return answer.map(lambda tree: nametree.map(tree, self._in_time))

    def _in_time(self, leaf: Path | Bound) -> Path | Bound:
        if isinstance(leaf, Path):
            return leaf
        return replace(leaf, addr=self._deadline.addr(self._name, leaf.addr))


@dataclass(frozen=True, slots=True)
class OfflineNamer:
    """In the place of a namer across the network: takes any name for one it knows."""

    prefix: Path

    def lookup(self, path: Path) -> Activity[LookupTree]:
        """See `Namer.lookup`."""
        addr = _not_asked(f"the namer {self.prefix.show()} is not asked (--offline)")
        return Activity.value(Leaf(Bound(self.prefix + path, addr)))


class OfflineInterpreter:
    """In the place of an interpreter across the network."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def bind(self, _dtab: Dtab, _path: Path) -> Activity[BoundTree]:
        """See `Interpreter.bind`."""
        return Activity.failed(
            NotAsked(f"the interpreter {self._kind} is not asked (--offline): try without it")
        )


def _not_asked(text: str) -> Var[Addr]:
    return Source[Addr](AddrFailed(NotAsked(text)))
