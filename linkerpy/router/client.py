"""Client: the replicas of one bound name, and which of them takes a request.

It follows the name's addresses, keeps an endpoint for each, and asks a balancer. What an endpoint
does with a request is the protocol's business.

Source: naming spec, section 4.3; dataplane spec, section 3.5.
"""

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from linkerpy.core.closable import NOTHING, Closable
from linkerpy.core.errors import BindingFailed, NoHosts
from linkerpy.core.reply import Reply
from linkerpy.core.var import Var
from linkerpy.naming.addr import (
    Addr,
    AddrBound,
    Address,
    AddrFailed,
    AddrNeg,
    AddrPending,
    Meta,
)
from linkerpy.policy.balance import BUSY, CLOSED, EVENTS, OPEN, Algorithm, Observed, WeightClasses
from linkerpy.router.env import Env
from linkerpy.telemetry.metrics import Metrics


class Endpoint(Protocol):
    """One replica, spoken to in the router's protocol."""

    address: Address
    load: int

    @property
    def status(self) -> int:
        """OPEN, BUSY or CLOSED."""

    @property
    def weight(self) -> float:
        """The address's weight."""

    def send(self, request: Any) -> Coroutine[Any, Any, Any]:
        """Send a request; awaited, it is the response, once its head is here.

        `load` counts it until the response's `body` is over, or it has failed.
        """

    def close(self) -> None:
        """Take no more requests; those under way finish, idle connections close now."""


_STATES = {OPEN: "live", BUSY: "busted", CLOSED: "draining"}

Key = tuple[str, int]
"""What makes two addresses the same endpoint."""


class Client:
    """A bound name's endpoints.

    `ready` says that the addresses are known (none is an answer too); until then `wait` tells.
    `meta` is what discovery says about all of them together.

    `send` gives a request to an endpoint, once the client is ready; awaited, it is the response.
    It raises NoHosts when there is no endpoint.

    An endpoint that discovery dropped is closed, unless it is open and the algorithm asks for
    probation: then it goes on like any other until it is found not to be open any more. A name
    that is no more takes all its endpoints with it.
    """

    def __init__(
        self,
        addr: Var[Addr],
        make_endpoint: Callable[[Address], Endpoint],
        algorithm: Algorithm,
        metrics: Metrics,
        env: Env,
    ) -> None:
        self._make_endpoint = make_endpoint
        self._env = env
        self._endpoints: dict[Key, Endpoint] = {}
        self._nodes: dict[Key, Any] = {}
        self._on_probation: set[Key] = set()
        self._leaving: list[Endpoint] = []
        """Endpoints that were dropped while they had requests under way; only shown."""
        self._waiters: list[Reply[None]] = []
        self._error: BaseException | None = None
        self._addr: Addr = AddrPending()
        self.meta: Meta = ()
        self.ready = False
        self.updated: float | None = None
        """When the set of addresses last became another one, in seconds of the clock."""
        self.trouble = ""
        """Why the addresses cannot be brought up to date; empty when they can."""
        scope = metrics.scope("loadbalancer")
        self._counters = {
            event: scope.counter(*event.split("/")) for event in (*EVENTS, *algorithm.counters)
        }
        self._adds, self._removes = scope.counter("adds"), scope.counter("removes")
        self._updates = scope.counter("updates")
        self._node = algorithm.observe
        self._probation = algorithm.probation
        # Only an algorithm that wants to be told of requests costs what that costs.
        self.send: Callable[[Any], Coroutine[Any, Any, Any]] = (
            self._send if algorithm.observe is None else self._send_observed
        )
        self._classes: WeightClasses[Any] = WeightClasses(
            lambda: algorithm.make(env.random, self._count), env.random, self._count
        )
        self._pick: Callable[[], Any] = self._classes.pick
        self._gauges = self._make_gauges(metrics, scope, algorithm)
        self._subscription: Closable = NOTHING
        self._subscription = addr.observe(self._changed)

    def _make_gauges(
        self, metrics: Metrics, scope: Metrics, algorithm: Algorithm
    ) -> list[Closable]:
        def with_status(status: int) -> Callable[[], float]:
            return lambda: sum(e.status == status for e in self._endpoints.values())

        def added_up(read: Callable[[Any], float]) -> Callable[[], float]:
            return lambda: sum(map(read, self._classes.balancers))

        own = [
            scope.gauge(*name.split("/"), read=added_up(read))
            for name, read in algorithm.gauges.items()
        ]
        return [
            *own,
            metrics.gauge("available", read=with_status(OPEN)),
            scope.gauge("size", read=lambda: len(self._endpoints)),
            scope.gauge("available", read=with_status(OPEN)),
            scope.gauge("busy", read=with_status(BUSY)),
            scope.gauge("closed", read=with_status(CLOSED)),
            scope.gauge("load", read=lambda: sum(e.load for e in self._endpoints.values())),
            scope.gauge("num_weight_classes", read=lambda: self._classes.weights),
            scope.gauge("meanweight", read=lambda: self._classes.mean_weight),
            scope.gauge("algorithm", algorithm.name, read=lambda: 1.0),
        ]

    def _count(self, event: str) -> None:
        self._counters[event].incr()

    @property
    def open(self) -> bool:
        """Whether an endpoint would take a request now."""
        return any(endpoint.status == OPEN for endpoint in self._endpoints.values())

    @property
    def addresses(self) -> list[str]:
        """The endpoints' addresses as text, sorted."""
        return [e.address.show() for _, e in sorted(self._endpoints.items())]

    def state(self) -> dict[str, Any]:
        """What `/client_state.json` says of this client."""
        match self._addr:
            case AddrBound():
                return {"state": "bound", "addresses": self.addresses}
            case AddrFailed(error):
                return {"state": f"Failed: {error}", "addresses": []}
            case AddrNeg():
                return {"state": "Neg", "addresses": []}
            case _:
                return {"state": "Pending", "addresses": []}

    def endpoints(self) -> list[dict[str, Any]]:
        """Each endpoint as people see it: its address, weight, load, and state.

        `busted`: accrual or failFast keep it out of service; `probation`: discovery dropped it,
        and it serves until it fails; `draining`: it is gone but for the requests under way.
        """
        self._leaving = [one for one in self._leaving if one.load]
        present = [
            _shown(endpoint, "probation" if key in self._on_probation else _STATES[endpoint.status])
            for key, endpoint in sorted(self._endpoints.items())
        ]
        return present + [_shown(endpoint, "draining") for endpoint in self._leaving]

    def _changed(self, addr: Addr) -> None:
        self.trouble = _text(addr.error) if isinstance(addr, AddrFailed) else ""
        match addr:
            case AddrBound(addresses):
                self._replace(addresses, probation=self._probation)
            case AddrNeg():
                self._replace(frozenset(), probation=False)
            case AddrFailed(error) if not self.ready:
                self._error = error
                self._tell_waiters()
        if not (self.ready and isinstance(addr, AddrFailed | AddrPending)):
            self._addr = addr  # a set once seen outlives later failures
            self.meta = addr.meta if isinstance(addr, AddrBound) else ()

    def _replace(self, addresses: frozenset[Address], *, probation: bool) -> None:
        """Diff the set in: an address that stays keeps its endpoint, even with a new weight."""
        self._updates.incr()
        self.updated = self._env.clock.seconds()
        wanted = {(address.ip, address.port): address for address in sorted(addresses)}
        for key in self._endpoints.keys() - wanted.keys():
            if probation and self._endpoints[key].status == OPEN:
                self._on_probation.add(key)
            else:
                self._drop(key)
        self._on_probation -= wanted.keys()
        for key, address in wanted.items():
            if key in self._endpoints:
                self._endpoints[key].address = address
            else:
                self._add(key, address)
        self._rebuild()
        self.ready = True
        self._error = None
        self._tell_waiters()

    def _add(self, key: Key, address: Address) -> None:
        self._adds.incr()
        endpoint = self._endpoints[key] = self._make_endpoint(address)
        self._nodes[key] = endpoint if self._node is None else self._node(endpoint)

    def _drop(self, key: Key) -> None:
        self._removes.incr()
        self._on_probation.discard(key)
        del self._nodes[key]
        endpoint = self._endpoints.pop(key)
        endpoint.close()
        self._leaving = [one for one in (*self._leaving, endpoint) if one.load]

    def _rebuild(self) -> None:
        self._count("rebuilds")
        self._classes.update(list(self._nodes.values()))
        pick = self._classes.simplest.pick
        self._pick = self._pick_after_probation if self._on_probation else pick

    def _pick_after_probation(self) -> Any:
        """Pick once those are gone that discovery dropped and that have stopped being open."""
        failed = [key for key in self._on_probation if self._endpoints[key].status != OPEN]
        for key in failed:
            self._drop(key)
        if failed:
            self._rebuild()
        return self._classes.simplest.pick()

    def _tell_waiters(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            self._settle(waiter)

    def _settle(self, waiter: Reply[None]) -> None:
        if self._error is not None:
            waiter.fail(BindingFailed(_text(self._error)))
        else:
            waiter.resolve(None)

    def wait(self) -> Reply[None]:
        """Told once the addresses are known; fails if finding them out has failed."""
        reply: Reply[None] = Reply(on_cancel=lambda _reason: self._waiters.remove(reply))
        if self.ready or self._error is not None:
            self._settle(reply)
        else:
            self._waiters.append(reply)
        return reply

    def _send(self, request: Any) -> Coroutine[Any, Any, Any]:
        endpoint: Endpoint | None = self._pick()
        if endpoint is None:
            raise NoHosts
        request.ctx.endpoint = endpoint.address
        return endpoint.send(request)

    async def _send_observed(self, request: Any) -> Any:
        """As `_send`; the node hears of the request from now to the end of the response."""
        node: Observed | None = self._pick()
        if node is None:
            raise NoHosts
        request.ctx.endpoint = node.endpoint.address
        started = node.started()
        try:
            response = await node.endpoint.send(request)
        except BaseException:
            node.ended(started)
            raise
        if response.body.over:
            node.ended(started)
        else:
            response.body.on_end(lambda _outcome: node.ended(started))
        return response

    def close(self) -> None:
        """Stop following the addresses and let the endpoints finish; tell those who wait."""
        self._subscription.close()
        self._error = self._error or BindingFailed("the client was closed")
        self._tell_waiters()
        for endpoint in self._endpoints.values():
            endpoint.close()
        self._endpoints.clear()
        self._nodes.clear()
        for gauge in self._gauges:
            gauge.close()


def _shown(endpoint: Endpoint, state: str) -> dict[str, Any]:
    return {
        "address": endpoint.address.show(),
        "weight": endpoint.weight,
        "load": endpoint.load,
        "state": state,
    }


def _text(error: BaseException) -> str:
    return str(error) or type(error).__name__
