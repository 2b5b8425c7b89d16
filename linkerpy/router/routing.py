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
from linkerpy.telemetry.metrics import Metrics

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

    __slots__ = ("binding", "chooser", "chosen_from", "dst", "service")

    def __init__(self, dst: Dst, binding: Binding) -> None:
        self.dst = dst
        self.binding = binding
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

    __slots__ = ("client", "name", "service")

    def __init__(self, name: str, client: Client, service: Service[Any, Any]) -> None:
        self.name = name
        self.client = client
        self.service = service


Held = tuple[Entry[Choose], Entry[BoundRoute], Entry[ClientRoute]]
"""What one attempt uses of the caches below the path's."""


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
        self.metrics = env.metrics.scope("rt", settings.label)
        sizes = settings.caches
        self.paths = self._cache("path", sizes.paths, self._open_path, self._close_path)
        self.trees = self._cache(
            "tree", sizes.trees, lambda tree: chooser(tree, env.random), lambda _choose: None
        )
        self.bounds = self._cache("bound", sizes.bounds, self._open_bound, lambda _route: None)
        self.clients = self._cache("client", sizes.clients, self._open_client, self._close_client)
        self._scopes: dict[tuple[str, str], int] = {}
        """How many stacks share the metrics of a kind and name; see `_reap`."""
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
        route = PathRoute(dst, Binding(self.interpreter.bind(dtab, dst.path), self._seconds))
        name = _label(dst.path)
        self._claim("service", name)

        def attempt(request: Any) -> Any:
            return self._attempt(route, request)

        route.service = self._stacks.path(dst, self.metrics.scope("service", name), attempt)
        return route

    def _close_path(self, route: PathRoute) -> None:
        route.binding.close()
        if self._reap("service", _label(route.dst.path)):
            self._stacks.forget(route.dst.path)

    def _open_bound(self, bound: Bound) -> BoundRoute:
        route = BoundRoute(bound)

        def to_client(request: Any) -> Coroutine[Any, Any, Any]:
            client = route.client
            assert client is not None  # the attempt that is under way holds it
            return client.value.service(request)

        route.service = self._stacks.bound(bound, to_client)
        return route

    def _open_client(self, key: "ClientKey") -> ClientRoute:
        name = _label(key.bound.id)
        metrics = self.metrics.scope("client", name)
        client = self._stacks.client(key.bound, metrics)
        self._claim("client", name)
        return ClientRoute(name, client, self._stacks.client_stack(key.bound, metrics, client))

    def _close_client(self, route: ClientRoute) -> None:
        route.client.close()
        self._reap("client", route.name)

    def _claim(self, kind: str, name: str) -> None:
        self._scopes[kind, name] = self._scopes.get((kind, name), 0) + 1

    def _reap(self, kind: str, name: str) -> bool:
        """Forget the metrics, unless the name lives on: under another dtab, or as a one-shot."""
        self._scopes[kind, name] -= 1
        if self._scopes[kind, name]:
            return False
        del self._scopes[kind, name]
        self.metrics.scope(kind, name).prune()
        _log.info("Reaping {name}", name=name)
        return True

    def _sweep(self) -> None:
        for cache in (self.paths, self.trees, self.bounds, self.clients):
            cache.sweep()
        self._sweeping = self._env.clock.callLater(self.settings.caches.idle_ttl, self._sweep)

    def close(self) -> None:
        """Stop following names; what still serves a request is closed when that has ended."""
        if self._sweeping.active():
            self._sweeping.cancel()
        for cache in (self.paths, self.trees, self.bounds, self.clients):
            cache.close()

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


def _label(path: Path) -> str:
    """A path as a metrics segment: without its leading slash."""
    return path.show()[1:]
