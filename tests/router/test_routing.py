"""The router's four layers: what is built, held, kept and let go, without any protocol."""

import pytest

from linkerpy.codec.body import EMPTY, Stream
from linkerpy.core.activity import Activity, Failed, Ok, Pending
from linkerpy.core.drive import drive
from linkerpy.core.errors import BindingFailed, BindingTimeout, NoHosts
from linkerpy.core.var import Source
from linkerpy.naming.addr import ADDR_PENDING, Address, bound
from linkerpy.naming.bound import Bound
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.nametree import NEG, Leaf, Union, Weighted
from linkerpy.naming.path import Path
from linkerpy.policy.balance import OPEN, p2c
from linkerpy.router.client import Client
from linkerpy.router.dst import Context, Dst
from linkerpy.router.routing import CacheSizes, Router, RouterSettings
from tests.support.env import counts, fake_env


class Endpoint:
    weight, status, load = 1.0, OPEN, 0

    def __init__(self, address, stacks):
        self.address = address
        self.stacks = stacks

    async def send(self, request):
        request.seen.append(self.address.ip)
        return self.stacks.answer(request)

    def close(self):
        self.stacks.closed.append(self.address.ip)


class Response:
    def __init__(self, body=EMPTY):
        self.body = body


class Request:
    def __init__(self, path, local=""):
        self.ctx = Context("1.2.3.4:5")
        self.ctx.dst = Dst(Path.parse(path), Dtab.parse(local))
        self.seen = []


class Stacks:
    """Records which layers a request passes."""

    def __init__(self, env):
        self.env = env
        self.built, self.closed, self.forgotten = [], [], []
        self.answer = lambda _request: Response()

    def _layer(self, name, below):
        self.built.append(name)

        async def layer(request):
            request.seen.append(name)
            return await below(request)

        return layer

    def path(self, dst, metrics, below):
        metrics.counter("requests").incr()
        return self._layer(f"path {dst.path.show()}", below)

    def forget(self, path):
        self.forgotten.append(path.show())

    def bound(self, bound, below):
        return self._layer(f"bound {bound.show()}", below)

    def client_stack(self, bound, metrics, client):
        return self._layer("client", client.send)

    def client(self, bound, metrics):
        self.built.append(f"client {bound.id.show()}")
        metrics.counter("connects")
        return Client(bound.addr, lambda a: Endpoint(a, self), p2c(), metrics, self.env)


class World:
    """A router over names that the test sets."""

    def __init__(self, **sizes):
        self.env = fake_env()
        self.clock = self.env.clock
        self.trees, self.addrs = {}, {}
        self.stacks = Stacks(self.env)
        settings = RouterSettings("r", Dtab.parse("/svc => /#/fs"), caches=CacheSizes(**sizes))
        self.router = Router(settings, self, self.stacks, self.env)

    def bind(self, dtab, path):
        self.bound_under = dtab.show()
        return Activity(self.tree(path.show()))

    def tree(self, path):
        return self.trees.setdefault(path, Source(Pending()))

    def addr(self, id_):
        return self.addrs.setdefault(id_, Source(bound(Address(f"ip of {id_}", 1))))

    def leaf(self, id_, residual="/"):
        return Leaf(Bound(Path.parse(id_), self.addr(id_), Path.parse(residual)))

    def name(self, path, id_, residual="/"):
        self.tree(path).update(Ok(self.leaf(id_, residual)))

    def ask(self, path, local=""):
        request = Request(path, local)
        told = []
        self.running = drive(
            self.router.dispatch(request), lambda result, error: told.append(error or result)
        )
        request.told = told
        return request

    def busy(self):
        router = self.router
        caches = (router.paths, router.trees, router.bounds, router.clients)
        return [sum(entry.busy for entry in cache) for cache in caches]

    def figures(self, cache):
        found = counts(self.router.metrics.scope("bindcache", cache))
        return {name: value for name, value in found.items() if value}

    def names(self, kind):
        return sorted(self.router.metrics.scope(kind).node.children)


def test_a_request_passes_the_layers_in_order_and_they_are_built_once():
    world = World()
    world.name("/svc/a", "/#/fs/a", "/rest")
    for _ in range(2):
        request = world.ask("/svc/a")
        assert request.seen == ["path /svc/a", "bound /#/fs/a[/rest]", "client", "ip of /#/fs/a"]
    assert world.stacks.built == [
        "path /svc/a",
        "bound /#/fs/a[/rest]",
        "client /#/fs/a",
        "client",
    ]
    assert world.busy() == [0, 0, 0, 0]


def test_two_residuals_share_a_client():
    world = World()
    world.name("/svc/a", "/#/fs/a", "/x")
    world.name("/svc/b", "/#/fs/a", "/y")
    world.ask("/svc/a")
    world.ask("/svc/b")
    assert world.stacks.built.count("client /#/fs/a") == 1
    assert len(world.router.bounds) == 2


def test_a_local_dtab_makes_another_path_of_the_same_name():
    world = World()
    world.name("/svc/a", "/#/fs/a")
    world.ask("/svc/a")
    world.ask("/svc/a", "/x => /y")
    assert world.bound_under == "/svc=>/#/fs;/x=>/y"
    assert len(world.router.paths) == 2


def test_all_layers_are_held_until_the_response_has_ended():
    world = World()
    world.name("/svc/a", "/#/fs/a")
    body = Stream()
    world.stacks.answer = lambda _request: Response(body)
    world.ask("/svc/a")
    assert world.busy() == [1, 1, 1, 1]
    body.end()
    assert world.busy() == [0, 0, 0, 0]


@pytest.mark.parametrize("end", ["fail", "cancel"])
def test_a_response_that_breaks_off_lets_go_as_well(end):
    world = World()
    world.name("/svc/a", "/#/fs/a")
    body = Stream()
    world.stacks.answer = lambda _request: Response(body)
    world.ask("/svc/a")
    getattr(body, end)(RuntimeError("broken"))
    assert world.busy() == [0, 0, 0, 0]


def test_an_error_lets_go():
    world = World()
    world.name("/svc/a", "/#/fs/a")

    def fail(_request):
        raise ZeroDivisionError

    world.stacks.answer = fail
    assert isinstance(world.ask("/svc/a").told[0], ZeroDivisionError)
    assert world.busy() == [0, 0, 0, 0]


@pytest.mark.parametrize("named", [False, True])
def test_giving_up_while_waiting_lets_go(named):
    world = World()
    if named:
        world.addrs["/#/fs/a"] = Source(ADDR_PENDING)
        world.name("/svc/a", "/#/fs/a")
    world.ask("/svc/a")
    assert world.busy()[0] == 1
    world.running.cancel()
    assert world.busy() == [0, 0, 0, 0]


@pytest.mark.parametrize("named", [False, True])
def test_waiting_ends_with_the_binding_timeout(named):
    world = World()
    if named:
        world.addrs["/#/fs/a"] = Source(ADDR_PENDING)
        world.name("/svc/a", "/#/fs/a")
    request = world.ask("/svc/a")
    world.clock.advance(9.9)
    assert request.told == []
    world.clock.advance(0.2)
    told = "connecting to /#/fs/a for name: /svc/a" if named else "resolving name: /svc/a"
    assert isinstance(request.told[0], BindingTimeout)
    assert str(request.told[0]) == f"Exceeded 10.seconds binding timeout while {told}"
    assert world.busy() == [0, 0, 0, 0]


def test_name_and_addresses_share_one_timeout():
    world = World()
    world.addrs["/#/fs/a"] = Source(ADDR_PENDING)
    request = world.ask("/svc/a")
    world.clock.advance(6)
    world.name("/svc/a", "/#/fs/a")
    world.clock.advance(3.9)
    assert request.told == []
    world.clock.advance(0.2)
    assert isinstance(request.told[0], BindingTimeout)


def test_a_changed_tree_is_followed_by_the_next_request():
    world = World()
    world.name("/svc/a", "/#/fs/a")
    assert world.ask("/svc/a").seen[-1] == "ip of /#/fs/a"
    world.name("/svc/a", "/#/fs/b")
    assert world.ask("/svc/a").seen[-1] == "ip of /#/fs/b"
    world.tree("/svc/a").update(Ok(NEG))
    assert isinstance(world.ask("/svc/a").told[0], NoHosts)
    world.tree("/svc/a").update(Failed(RuntimeError("boom")))
    assert isinstance(world.ask("/svc/a").told[0], NoHosts)


def test_a_failed_name_is_told_anew_to_each():
    world = World()
    world.tree("/svc/a").update(Failed(RuntimeError("boom")))
    errors = [world.ask("/svc/a").told[0] for _ in range(2)]
    assert [(type(e), str(e)) for e in errors] == [(BindingFailed, "boom")] * 2
    assert errors[0] is not errors[1]


def test_a_union_is_drawn_from_anew_for_each_request():
    world = World()
    union = Union((Weighted(3.0, world.leaf("/#/fs/a")), Weighted(1.0, world.leaf("/#/fs/b"))))
    world.tree("/svc/a").update(Ok(union))
    seen = [world.ask("/svc/a").seen[-1] for _ in range(400)]
    assert 250 < seen.count("ip of /#/fs/a") < 350
    assert world.busy() == [0, 0, 0, 0]


def test_what_is_idle_is_closed_after_its_time_and_its_figures_go():
    world = World(idle_ttl=10.0)
    for name in ("a", "b"):
        world.name(f"/svc/{name}", f"/#/fs/{name}")
        world.ask(f"/svc/{name}")
        world.clock.advance(1)
    world.clock.advance(9)
    world.clock.advance(10)
    assert [len(c) for c in (world.router.paths, world.router.clients)] == [1, 1]
    assert world.stacks.closed == ["ip of /#/fs/a"]
    assert (world.names("service"), world.names("client")) == (["svc/b"], ["#/fs/b"])
    assert world.figures("path") == {"misses": 2, "expires": 1}
    assert len(world.tree("/svc/a")._observers) == 0


def test_what_was_evicted_is_built_again():
    world = World(paths=1, trees=1, bounds=1, clients=1)
    for name in ("a", "b", "a"):
        world.name(f"/svc/{name}", f"/#/fs/{name}")
        assert world.ask(f"/svc/{name}").seen[-1] == f"ip of /#/fs/{name}"
    assert world.figures("client") == {"misses": 3, "evicts": 2}


def test_an_evicted_client_is_not_used_from_memory():
    """Another path may push a client out while this path remembers it."""
    world = World(clients=1)
    for name in ("a", "b"):
        world.name(f"/svc/{name}", f"/#/fs/{name}")
    for name in ("a", "b", "a", "b"):
        assert world.ask(f"/svc/{name}").seen[-1] == f"ip of /#/fs/{name}"
    assert world.stacks.closed == ["ip of /#/fs/a", "ip of /#/fs/b", "ip of /#/fs/a"]


def test_a_name_keeps_its_figures_while_another_dtab_uses_it():
    world = World(paths=1)
    world.name("/svc/a", "/#/fs/a")
    body = Stream()
    world.stacks.answer = lambda _request: Response(body)
    world.ask("/svc/a")  # holds the only place
    world.stacks.answer = lambda _request: Response()
    world.ask("/svc/a", "/x => /y")  # a one-shot, closed behind its response
    assert world.names("service") == ["svc/a"]
    body.end()


def test_a_client_keeps_its_figures_while_another_of_the_same_id_lives():
    world = World(clients=1)
    for name in ("a", "b"):
        world.name(f"/svc/{name}", f"/#/fs/{name}")
    bodies = [Stream() for _ in range(3)]
    for name, body in zip(("a", "b", "b"), bodies, strict=True):
        world.stacks.answer = lambda _request, body=body: Response(body)
        world.ask(f"/svc/{name}")  # the first holds the only place, the others are one-shots
    bodies[1].end()
    assert "#/fs/b" in world.names("client")


def test_closing_ends_what_is_idle_now_and_the_rest_with_its_last_request():
    world = World()
    for name in ("a", "b"):
        world.name(f"/svc/{name}", f"/#/fs/{name}")
    body = Stream()
    world.ask("/svc/a")
    world.stacks.answer = lambda _request: Response(body)
    world.ask("/svc/b")
    world.router.close()
    assert world.stacks.closed == ["ip of /#/fs/a"]
    body.end()
    assert world.stacks.closed == ["ip of /#/fs/a", "ip of /#/fs/b"]
    assert not any(source._observers for source in (*world.trees.values(), *world.addrs.values()))
    world.clock.advance(1)
    assert world.clock.getDelayedCalls() == []


def test_who_closes_it_is_told_when_the_last_request_has_ended():
    world = World()
    world.name("/svc/a", "/#/fs/a")
    body, told = Stream(), []
    world.stacks.answer = lambda _request: Response(body)
    world.ask("/svc/a")
    world.router.close(lambda: told.append("idle"))
    assert told == []
    body.end()
    assert told == ["idle"]
    assert world.env.metrics.scope("rt").node.children == {}


def test_what_is_asked_after_the_end_is_served_and_not_kept():
    """A request may be on its way to the router when a reload replaces it."""
    world = World()
    world.name("/svc/a", "/#/fs/a")
    world.router.close()
    assert isinstance(world.ask("/svc/a").told[0], Response)
    assert world.stacks.closed == ["ip of /#/fs/a"]
    assert not any(source._observers for source in (*world.trees.values(), *world.addrs.values()))


def test_a_router_remembers_the_counts_of_the_one_before_for_a_while():
    world = World(idle_ttl=600)
    world.name("/svc/a", "/#/fs/a")
    world.ask("/svc/a")
    before, scope = world.router, world.env.metrics.scope("rt", "r")
    world.router = Router(before.settings, world, Stacks(world.env), world.env)
    world.router.remember(before)
    before.close()
    assert scope.counter("service", "svc/a", "requests").value == 1
    assert world.names("client") == ["#/fs/a"]
    world.clock.advance(601)
    assert world.names("client") == world.names("service") == []


def test_what_is_asked_for_again_is_remembered_for_longer():
    world = World(idle_ttl=600)
    world.name("/svc/a", "/#/fs/a")
    world.ask("/svc/a")
    before = world.router
    world.router = Router(before.settings, world, Stacks(world.env), world.env)
    world.router.remember(before)
    before.close()
    world.ask("/svc/a")
    world.clock.advance(601)
    assert world.names("client") == ["#/fs/a"]


def test_client_states_are_told_by_id():
    world = World()
    world.name("/svc/a", "/#/fs/a")
    world.ask("/svc/a")
    assert world.router.client_states() == {
        "/#/fs/a": {"state": "bound", "addresses": ["ip of /#/fs/a:1"]}
    }
