"""Router: from a request's name to a built stack, through the four caches.

Path → its live binding and path stack; bound tree → a chooser of branches; bound name → its bound
stack; id → its client. A request that was seen before costs one dict lookup: each layer remembers
the entry of the layer below, and asks its cache again only when that entry has been let go.

Source: naming spec, section 5; dataplane spec, section 1.
"""

import math
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from linkerpy.core.clock import Delayed
from linkerpy.core.closable import Group
from linkerpy.core.duration import show_duration
from linkerpy.core.errors import BindingTimeout, NoHosts
from linkerpy.core.reply import Reply
from linkerpy.core.service import Service
from linkerpy.naming.bound import Bound
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.namer import BoundTree, Interpreter
from linkerpy.naming.path import Path
from linkerpy.net.log import logger
from linkerpy.router.binding import Binding
from linkerpy.router.cache import Entry, IdleCache
from linkerpy.router.choose import Choose, chooser
from linkerpy.router.client import Client
from linkerpy.router.dst import Dst
from linkerpy.router.env import Env
from linkerpy.router.explain import explain_failure, no_hosts_text
from linkerpy.telemetry.metrics import Claim, Metrics

_log = logger("linkerpy.router")


class Stacks(Protocol):
    """What a protocol builds for the router, from the outside in."""

    def path(self, dst: Dst, metrics: Metrics, below: Service[Any, Any]) -> Service[Any, Any]:
        """The path stack of one name, above `below`, which makes one attempt."""

    def bound(self, bound: Bound, below: Service[Any, Any]) -> Service[Any, Any]:
        """The bound stack of one (id, residual), above `below`, which is its client."""

    def client(self, bound: Bound, metrics: Metrics) -> Client:
        """The endpoints of one id and how they are spoken to."""

    def forget(self, path: Path) -> None:
        """A name is no longer in use: drop what is kept for it."""

    def client_stack(self, bound: Bound, metrics: Metrics, client: Client) -> Service[Any, Any]:
        """The client stack of one id, above its balancer, which is `client.send`."""


@dataclass(frozen=True, slots=True)
class CacheSizes:
    """Sizes of the four caches; `idle_ttl` in seconds."""

    paths: int = 1000
    trees: int = 1000
    bounds: int = 1000
    clients: int = 1000
    idle_ttl: float = 600.0


@dataclass(frozen=True, slots=True)
class RouterSettings:
    """What all protocols' routers have in common; `binding_timeout` in seconds."""

    label: str
    dtab: Dtab
    binding_timeout: float = 10.0
    caches: CacheSizes = CacheSizes()


class PathRoute:
    """One name's live binding and path stack, and the chooser that was used last."""

    __slots__ = ("binding", "chooser", "chosen_from", "dst", "metrics", "service")

    def __init__(self, dst: Dst, binding: Binding, metrics: Claim) -> None:
        self.dst = dst
        self.binding = binding
        self.metrics = metrics
        self.service: Service[Any, Any]
        self.chooser: Entry[Choose] | None = None
        self.chosen_from: BoundTree | None = None


class BoundRoute:
    """One (id, residual)'s bound stack, and the client entry that was used last."""

    __slots__ = ("bound", "client", "service")

    def __init__(self, bound: Bound) -> None:
        self.bound = bound
        self.service: Service[Any, Any]
        self.client: Entry[ClientRoute] | None = None


class ClientRoute:
    """One id's client and client stack."""

    __slots__ = ("client", "metrics", "name", "service")

    def __init__(self, metrics: Claim, client: Client, service: Service[Any, Any]) -> None:
        self.metrics = metrics
        self.client = client
        self.service = service
        self.name = metrics.name


Held = tuple[Entry[Choose], Entry[BoundRoute], Entry[ClientRoute]]
"""What one attempt uses of the caches below the path's."""


def _nothing() -> None:
    """Nobody waits."""


def _let_go(held: Held) -> None:
    for entry in held:
        entry.release()


class Router:
    """Routes the requests of one router of the configuration. Knows no protocol.

    Of a request it needs `ctx`, a `Context`; of a response `body`, which tells whether it is
    `over` and, by `on_end`, when it will be.
    """

    def __init__(
        self,
        settings: RouterSettings,
        interpreter: Interpreter,
        stacks: Stacks,
        env: Env,
    ) -> None:
        self.settings = settings
        self.interpreter = interpreter
        self._stacks = stacks
        self._env = env
        self._seconds = env.clock.seconds
        self.metrics = env.metrics.scope("rt", settings.label).claim()
        sizes = settings.caches
        self.paths = self._cache("path", sizes.paths, self._open_path, self._close_path)
        self.trees = self._cache(
            "tree", sizes.trees, lambda tree: chooser(tree, env.random), lambda _choose: None
        )
        self.bounds = self._cache("bound", sizes.bounds, self._open_bound, lambda _route: None)
        self.clients = self._cache("client", sizes.clients, self._open_client, self._close_client)
        self._remembered = Group()
        self._alive = 0  # path routes, one-shots too; what serves a request holds one
        self._on_idle: Callable[[], None] | None = None
        self._sweeping: Delayed = env.clock.callLater(sizes.idle_ttl, self._sweep)

    def _cache(
        self, layer: str, size: int, build: Callable[[Any], Any], close: Callable[[Any], None]
    ) -> IdleCache[Any, Any]:
        scope = self.metrics.scope("bindcache", layer)
        return IdleCache(size, self.settings.caches.idle_ttl, self._env.clock, build, close, scope)

    # -- one request ------------------------------------------------------------------------------

    async def dispatch(self, request: Any) -> Any:
        """Serve a request whose `ctx.dst` is known.

        What serves it counts as busy until the response has ended.
        """
        entry = self.paths.get(request.ctx.dst)
        entry.busy += 1
        entry.idle_since = self._seconds()
        try:
            response = await entry.value.service(request)
        except BaseException:
            entry.release()
            raise
        if response.body.over:
            entry.busy -= 1
            if not (entry.open or entry.busy):
                entry.discard()
        else:
            response.body.on_end(entry.release)
        return response

    async def _attempt(self, route: PathRoute, request: Any) -> Any:
        """Below the path stack: bind, choose a branch, pass the request to its bound stack."""
        ctx = request.ctx
        now = self._seconds()
        ctx.acquire_by = now + self.settings.binding_timeout
        tree = route.binding.tree
        if tree is None:
            what = f"resolving name: {route.dst.path.show()}"
            tree = await self._in_time(route.binding.wait(), ctx, what)
        held = self._hold(route, tree, now)
        try:
            client = held[2].value.client
            if not client.ready:
                await self._in_time(client.wait(), ctx, _connecting(route, held))
            response = await held[1].value.service(request)
        except BaseException as error:
            _let_go(held)
            if isinstance(error, BindingTimeout) and not error.message:  # of the client's endpoints
                error.message = self._too_late(_connecting(route, held))
            explain_failure(error, route.dst, self.settings.dtab, held[2].value, ctx)
            raise
        if response.body.over:
            for entry in held:  # as `_let_go`, but for the time, which is the start's
                entry.busy -= 1
                if not (entry.open or entry.busy):
                    entry.discard()
        else:
            response.body.on_end(lambda _outcome: _let_go(held))
        return response

    def _hold(self, route: PathRoute, tree: BoundTree, now: float) -> Held:
        """Draw a branch of the tree and hold what serves it, from memory where that is still valid.

        Raises:
            NoHosts: the tree, or the branch that was drawn, leads nowhere.
        """
        chooser = route.chooser
        if chooser is None or not chooser.open or route.chosen_from is not tree:
            chooser = route.chooser = self.trees.get(tree)
            route.chosen_from = tree
        branch = chooser.value()
        if branch is None:
            raise NoHosts(no_hosts_text(route.dst, self.settings.dtab))
        bound: Entry[BoundRoute] | None = branch.entry
        if bound is None or not bound.open:
            bound = branch.entry = self.bounds.get(branch.bound)
        client = bound.value.client
        if client is None or not client.open:
            client = bound.value.client = self.clients.get(ClientKey(branch.bound))
        chooser.busy += 1
        bound.busy += 1
        client.busy += 1
        chooser.idle_since = bound.idle_since = client.idle_since = now
        return chooser, bound, client

    async def _in_time(self, reply: Reply[Any], ctx: Any, what: str) -> Any:
        """The reply's value, if it comes before the attempt's time for finding a connection is up.

        Raises:
            BindingTimeout: it is up; `what` says in the message what was waited for.
        """

        def too_late() -> None:
            reply.cancel(BindingTimeout(self._too_late(what)))

        # To the next tenth: the wheel keeps a queue for each length of timeout.
        left = max(math.ceil((ctx.acquire_by - self._seconds()) * 10), 1) / 10
        timer = self._env.timers.after(left, too_late)
        try:
            return await reply
        finally:
            timer.close()

    def _too_late(self, what: str) -> str:
        duration = show_duration(self.settings.binding_timeout)
        return f"Exceeded {duration} binding timeout while {what}"

    # -- building and closing what the caches keep ------------------------------------------------

    def _open_path(self, dst: Dst) -> PathRoute:
        dtab = self.settings.dtab + dst.local
        metrics = self._claim("service", dst.path)
        binding = Binding(self.interpreter.bind(dtab, dst.path), self._seconds)
        route = PathRoute(dst, binding, metrics)

        def attempt(request: Any) -> Any:
            return self._attempt(route, request)

        route.service = self._stacks.path(dst, metrics, attempt)
        self._alive += 1
        return route

    def _close_path(self, route: PathRoute) -> None:
        route.binding.close()
        if self._reap(route.metrics):
            self._stacks.forget(route.dst.path)
        self._alive -= 1
        self._tell_if_idle()

    def _open_bound(self, bound: Bound) -> BoundRoute:
        route = BoundRoute(bound)

        def to_client(request: Any) -> Coroutine[Any, Any, Any]:
            client = route.client
            assert client is not None  # the attempt that is under way holds it
            return client.value.service(request)

        route.service = self._stacks.bound(bound, to_client)
        return route

    def _open_client(self, key: "ClientKey") -> ClientRoute:
        metrics = self._claim("client", key.bound.id)
        client = self._stacks.client(key.bound, metrics)
        return ClientRoute(metrics, client, self._stacks.client_stack(key.bound, metrics, client))

    def _close_client(self, route: ClientRoute) -> None:
        route.client.close()
        self._reap(route.metrics)

    def _claim(self, kind: str, path: Path) -> Claim:
        """The metrics of a name; its leading slash is not part of the segment."""
        return self.metrics.scope(kind, path.show()[1:]).claim()

    def _reap(self, metrics: Claim) -> bool:
        """Give metrics back: forgotten, unless the name lives on.

        That may be under another dtab, as a one-shot, or in the router that takes this one's place.
        """
        metrics.close()
        if metrics.last:
            _log.info("Reaping {name}", name=metrics.name)
        return metrics.last

    def _sweep(self) -> None:
        for cache in (self.paths, self.trees, self.bounds, self.clients):
            cache.sweep()
        self._remembered.close()
        self._sweeping = self._env.clock.callLater(self.settings.caches.idle_ttl, self._sweep)

    def remember(self, other: "Router") -> None:
        """Go on with the counts of the router whose place this one takes.

        Those of a name that is not asked for in `idle_ttl` are forgotten then.
        """
        for cache in (other.paths, other.clients):
            for entry in cache:
                self._remembered.add(entry.value.metrics.claim())

    def close(self, on_idle: Callable[[], None] = _nothing) -> None:
        """Stop following names; what still serves a request is closed when that has ended.

        `on_idle` is called when the last has.
        """
        if self._sweeping.active():
            self._sweeping.cancel()
        for cache in (self.paths, self.trees, self.bounds, self.clients):
            cache.close()
        self._remembered.close()
        self._on_idle = on_idle
        self._tell_if_idle()

    def _tell_if_idle(self) -> None:
        if self._on_idle is not None and not self._alive:
            on_idle, self._on_idle = self._on_idle, None
            self.metrics.close()
            on_idle()

    def client_states(self) -> dict[str, Any]:
        """`/client_state.json`: the addresses behind each client id."""
        return {entry.key.bound.id.show(): entry.value.client.state() for entry in self.clients}


class ClientKey:
    """A bound name as the key of the client cache, where only its id counts."""

    __slots__ = ("bound",)

    def __init__(self, bound: Bound) -> None:
        self.bound = bound

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ClientKey) and self.bound.id == other.bound.id

    def __hash__(self) -> int:
        return hash(self.bound.id)

    def __repr__(self) -> str:
        return self.bound.id.show()


def _connecting(route: PathRoute, held: Held) -> str:
    return f"connecting to {held[2].key!r} for name: {route.dst.path.show()}"
