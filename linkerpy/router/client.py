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
)
from linkerpy.policy.balance import BUSY, CLOSED, OPEN, Algorithm, MakeBalancer, balance
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
        """Send a request; awaited, it is the response, once its head is here."""

    def close(self) -> None:
        """Take no more requests; those under way finish, idle connections close now."""


class Client:
    """A bound name's endpoints.

    `ready` says that the addresses are known (none is an answer too); until then `wait` tells.
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
        self._endpoints: dict[tuple[str, int], Endpoint] = {}
        self._waiters: list[Reply[None]] = []
        self._error: BaseException | None = None
        self._addr: Addr = AddrPending()
        self.ready = False
        scope = metrics.scope("loadbalancer")
        exhausted = scope.counter("max_effort_exhausted")
        self._make_balancer: MakeBalancer[Endpoint] = lambda nodes: algorithm.make(
            nodes, env.random, exhausted.incr
        )
        self._balancer = self._make_balancer(())
        self._adds, self._removes = scope.counter("adds"), scope.counter("removes")
        self._updates, self._rebuilds = scope.counter("updates"), scope.counter("rebuilds")
        self._busy_classes = scope.counter("busy_weight_classes")
        self._gauges = self._make_gauges(metrics, scope, algorithm.name)
        self._subscription: Closable = NOTHING
        self._subscription = addr.observe(self._changed)

    def _make_gauges(self, metrics: Metrics, scope: Metrics, algorithm: str) -> list[Closable]:
        def with_status(status: int) -> Callable[[], float]:
            return lambda: sum(e.status == status for e in self._endpoints.values())

        return [
            metrics.gauge("available", read=with_status(OPEN)),
            scope.gauge("size", read=lambda: len(self._endpoints)),
            scope.gauge("available", read=with_status(OPEN)),
            scope.gauge("busy", read=with_status(BUSY)),
            scope.gauge("closed", read=with_status(CLOSED)),
            scope.gauge("load", read=lambda: sum(e.load for e in self._endpoints.values())),
            scope.gauge("algorithm", algorithm, read=lambda: 1.0),
        ]

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

    def _changed(self, addr: Addr) -> None:
        match addr:
            case AddrBound(addresses):
                self._replace(addresses)
            case AddrNeg():
                self._replace(frozenset())
            case AddrFailed(error) if not self.ready:
                self._error = error
                self._tell_waiters()
        if not (self.ready and isinstance(addr, AddrFailed | AddrPending)):
            self._addr = addr  # a set once seen outlives later failures

    def _replace(self, addresses: frozenset[Address]) -> None:
        """Diff the set in: an address that stays keeps its endpoint, even with a new weight."""
        self._updates.incr()
        wanted = {(address.ip, address.port): address for address in sorted(addresses)}
        for key in self._endpoints.keys() - wanted.keys():
            self._removes.incr()
            self._endpoints.pop(key).close()
        for key, address in wanted.items():
            endpoint = self._endpoints.get(key)
            if endpoint is None:
                self._adds.incr()
                self._endpoints[key] = self._make_endpoint(address)
            else:
                endpoint.address = address
        self._rebuild()
        self.ready = True
        self._error = None
        self._tell_waiters()

    def _rebuild(self) -> None:
        self._rebuilds.incr()
        self._balancer = balance(
            list(self._endpoints.values()),
            self._make_balancer,
            self._env.random,
            self._busy_classes.incr,
        )

    def _tell_waiters(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            self._settle(waiter)

    def _settle(self, waiter: Reply[None]) -> None:
        if self._error is not None:
            waiter.fail(BindingFailed(str(self._error) or type(self._error).__name__))
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

    def send(self, request: Any) -> Coroutine[Any, Any, Any]:
        """Give the request to an endpoint, once the client is ready.

        Raises:
            NoHosts: there is no endpoint.
        """
        endpoint: Endpoint | None = self._balancer.pick()
        if endpoint is None:
            raise NoHosts
        request.ctx.endpoint = endpoint.address
        return endpoint.send(request)

    def close(self) -> None:
        """Stop following the addresses and let the endpoints finish; tell those who wait."""
        self._subscription.close()
        self._error = self._error or BindingFailed("the client was closed")
        self._tell_waiters()
        for endpoint in self._endpoints.values():
            endpoint.close()
        self._endpoints.clear()
        for gauge in self._gauges:
            gauge.close()
