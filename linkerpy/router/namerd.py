"""Names bound by a namerd: watched by linkerd's interpreter, polled as linkerd-tcp does.

What namerd said last stays in use while it cannot be reached, or says what cannot be meant.

Source: discovery-namerd spec, sections 3.1, 4.4 and 4.5; dataplane spec, section 8.2.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote
from weakref import WeakValueDictionary

from linkerpy.core.activity import PENDING, Activity, Failed, Ok, State
from linkerpy.core.closable import Closable, Group, OnClose
from linkerpy.core.errors import BindingFailed
from linkerpy.core.var import Async, Var, distinct_var
from linkerpy.naming.addr import ADDR_PENDING, Addr, AddrBound
from linkerpy.naming.bound import Bound
from linkerpy.naming.delegate import DelegateTree
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.namer import BoundTree
from linkerpy.naming.namerd_json import (
    NamerdAnswerError,
    read_addr,
    read_bound_tree,
    read_delegation,
)
from linkerpy.naming.nametree import Leaf
from linkerpy.naming.path import Path
from linkerpy.naming.watch_state import WatchState
from linkerpy.net.fetch import HttpService
from linkerpy.net.log import logger
from linkerpy.net.watch import Follower, Once, Poll, Watch
from linkerpy.router.env import Env
from linkerpy.telemetry.metrics import Metrics

_log = logger("linkerpy.namerd")

PATIENCE: Final = 10.0
"""Seconds for the answer to a poll."""

_DELEGATION_PATIENCE: Final = 5.0
_BETWEEN_COMPLAINTS: Final = 10.0

Following = Watch | Poll
Follow = Callable[[str, Follower], Following]
"""Begins to follow a path and query of namerd's."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace of a namerd, by its control API."""

    service: HttpService
    name: str
    base: str = ""
    """The path that the API's own come after."""

    def target(self, verb: str, path: Path, dtab: Dtab, **more: str) -> str:
        """What is asked for: `verb` of a path, with a dtab on top of the namespace's own."""
        given = {"path": path.show()}
        if dtab.dentries:
            given["dtab"] = dtab.show(exact=True)
        given |= more
        query = "&".join([f"{key}={quote(value, safe='')}" for key, value in given.items()])
        return f"{self.base}/api/1/{verb}/{quote(self.name, safe='')}?{query}"


class _Figures:
    """What is counted of a namerd, and said in the log."""

    def __init__(self, namespace: Namespace, metrics: Metrics, env: Env) -> None:
        self._namespace = namespace
        self._seconds = env.clock.seconds
        self.updates, self.failures = metrics.counter("success"), metrics.counter("failures")
        self.latency = metrics.stat("request_latency_ms")
        self._troubled: set[Any] = set()
        self._said = -_BETWEEN_COMPLAINTS
        self._unsaid = 0

    def forget(self, who: object) -> None:
        """Somebody asks no more."""
        self._troubled.discard(who)

    def fine(self, who: object) -> None:
        """Somebody has had a good answer."""
        self.updates.value += 1
        if who in self._troubled:
            self._troubled.discard(who)
            if not self._troubled:
                _log.info("namerd {where} answers again", where=self._namespace.service.authority)

    def troubled(self, who: object, reason: str, pause: float, *, known: bool) -> None:
        """Somebody has had none. Said when it begins, and not too often."""
        self.failures.value += 1
        if who in self._troubled:
            return
        self._troubled.add(who)
        now = self._seconds()
        if now - self._said < _BETWEEN_COMPLAINTS:
            self._unsaid += 1
            return
        more = f" ({self._unsaid} more since the last such line)" if self._unsaid else ""
        self._said, self._unsaid = now, 0
        _log.warn(
            "{reason}; asked again in {pause:.1f} s, {until}{more}",
            reason=reason,
            pause=pause,
            until="what it said last stays in use" if known else "until then nothing is known",
            more=more,
        )


class _Followed(Generic[T]):
    """One thing that namerd knows, followed while `var` is observed: `initial` until it is told."""

    def __init__(
        self,
        begin: Callable[[Follower], Following],
        read: Callable[[Any], T],
        initial: T,
        figures: _Figures,
    ) -> None:
        self.var: Async[T] = Async(initial, self._start)
        self._begin = begin
        self._read = read
        self._figures = figures
        self._state: WatchState[Any] = WatchState(None)
        self._following: Following | None = None
        self._update: Callable[[T], None] = lambda _: None

    def _start(self, update: Callable[[T], None]) -> Closable:
        self._update = update
        self._state.started()
        self._following = self._begin(self)
        return Group(OnClose(self._stopped), self._following)

    def _stopped(self) -> None:
        self._state.stopped()
        self._figures.forget(self)

    def told(self, value: Any, seconds: float) -> None:
        """See `Follower`."""
        read = self._read(value)
        self._state.updated(value)
        self._figures.latency.add(seconds * 1000)
        self._figures.fine(self)
        self._update(read)

    def troubled(self, reason: str, pause: float) -> None:
        """See `Follower`."""
        self._figures.troubled(self, reason, pause, known=self._state.value is not None)

    def snapshot(self) -> dict[str, Any]:
        """What the state page shows."""
        following = None if self._following is None else self._following.seen.snapshot()
        kind = "poll" if isinstance(self._following, Poll) else "watch"
        return {"state": self._state.snapshot(), kind: following}


class NamerdHttp:
    """An interpreter that watches a namerd: each name's tree, and each bound id's replicas."""

    def __init__(
        self,
        namespace: Namespace,
        waits: Callable[[], Iterator[float]],
        metrics: Metrics,
        env: Env,
    ) -> None:
        self._namespace = namespace
        self._waits = waits
        self._clock = env.clock
        self._figures = _Figures(namespace, metrics, env)
        self._trees: WeakValueDictionary[tuple[Dtab, Path], _Followed[State[BoundTree]]] = (
            WeakValueDictionary()
        )
        self._addrs: WeakValueDictionary[Path, _Followed[Addr]] = WeakValueDictionary()
        metrics.gauge("bindcache.size", read=lambda: len(self._trees))
        metrics.gauge("addrcache.size", read=lambda: len(self._addrs))

    def bind(self, dtab: Dtab, path: Path) -> Activity[BoundTree]:
        """See `Interpreter.bind`."""
        followed = self._trees.get((dtab, path))
        if followed is None:
            followed = self._trees[dtab, path] = _Followed[State[BoundTree]](
                self._watch("bind", path, dtab), self._read_tree, PENDING, self._figures
            )
        return Activity(followed.var).dedup()

    def _read_tree(self, value: Any) -> State[BoundTree]:
        return Ok(read_bound_tree(value, self._addr))

    def _addr(self, bound_id: Path) -> Var[Addr]:
        followed = self._addrs.get(bound_id)
        if followed is None:
            followed = self._addrs[bound_id] = _Followed[Addr](
                self._watch("addr", bound_id, Dtab.EMPTY), read_addr, ADDR_PENDING, self._figures
            )
        return distinct_var(followed.var)

    def _watch(self, verb: str, path: Path, dtab: Dtab) -> Callable[[Follower], Watch]:
        target = self._namespace.target(verb, path, dtab, watch="true")
        service = self._namespace.service
        return lambda follower: Watch(service, target, self._clock, self._waits, follower)

    def delegate(self, dtab: Dtab, path: Path) -> Activity[DelegateTree]:
        """See `Delegator.delegate`: namerd explains, once for each who observes."""
        target = self._namespace.target("delegate", path, dtab)

        def start(update: Callable[[State[DelegateTree]], None]) -> Closable:
            def told(value: Any, reason: str | None) -> None:
                update(_delegation(value, reason))

            return Once(self._namespace.service, target, _DELEGATION_PATIENCE, told)

        return Activity(Async[State[DelegateTree]](PENDING, start))

    def snapshot(self) -> dict[str, Any]:
        """What the state page shows: names by their dtab, and ids."""
        bind: dict[str, dict[str, Any]] = {}
        for (dtab, path), tree in list(self._trees.items()):
            bind.setdefault(path.show(), {})[dtab.show()] = tree.snapshot()
        addrs = {known.show(): addr.snapshot() for known, addr in list(self._addrs.items())}
        return {"bind": bind, "addr": addrs}


def _delegation(value: Any, reason: str | None) -> State[DelegateTree]:
    try:
        return Failed(BindingFailed(reason)) if reason is not None else Ok(read_delegation(value))
    except NamerdAnswerError as error:
        return Failed(BindingFailed(f"namerd's delegation cannot be read: {error}"))


class NamerdPoll:
    """An interpreter that polls a namerd for each name's replicas.

    A name is bound to itself, below `prefix`. Only replicas count as an answer, were it none of
    them: whatever else namerd says is trouble.
    """

    def __init__(
        self, namespace: Namespace, prefix: Path, period: float, metrics: Metrics, env: Env
    ) -> None:
        self._namespace = namespace
        self._prefix = prefix
        self._period = period
        self._clock = env.clock
        self._figures = _Figures(namespace, metrics, env)
        self._names: WeakValueDictionary[tuple[Dtab, Path], _Followed[Addr]] = WeakValueDictionary()

    def bind(self, dtab: Dtab, path: Path) -> Activity[BoundTree]:
        """See `Interpreter.bind`."""
        followed = self._names.get((dtab, path))
        if followed is None:
            target = self._namespace.target("resolve", path, dtab)
            followed = self._names[dtab, path] = _Followed[Addr](
                lambda follower: Poll(
                    self._namespace.service,
                    target,
                    self._clock,
                    self._period,
                    PATIENCE,
                    follower,
                ),
                _read_replicas,
                ADDR_PENDING,
                self._figures,
            )
        bound = Bound(self._prefix + path, distinct_var(followed.var))
        return Activity.value(Leaf(bound))

    def snapshot(self) -> dict[str, Any]:
        """What the state page shows."""
        names = list(self._names.items())
        return {"resolve": {path.show(): name.snapshot() for (_, path), name in names}}


def _read_replicas(value: Any) -> Addr:
    addr = read_addr(value)
    if not isinstance(addr, AddrBound):
        raise NamerdAnswerError(f"namerd names no replicas: {json.dumps(value)[:200]}")
    return addr
