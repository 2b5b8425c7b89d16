"""Names bound by a namerd, over real connections to a double."""

import gc
import json
from itertools import repeat
from random import Random

import pytest
from twisted.logger import globalLogPublisher

from linkerpy.core.activity import Failed, Ok, Pending
from linkerpy.core.errors import BindingFailed
from linkerpy.core.var import Source
from linkerpy.naming.addr import ADDR_NEG, ADDR_PENDING, Address, AddrFailed, bound
from linkerpy.naming.delegate import Delegator
from linkerpy.naming.delegate_json import tree_json
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.path import Path
from linkerpy.net.fetch import HttpService
from linkerpy.router.namerd import NamerdHttp, NamerdPoll, Namespace
from linkerpy.telemetry.metrics import Metrics
from tests.net.conftest import loop, make_loop
from tests.support.env import counts, fake_env
from tests.support.namerd import Double, leaf, replicas
from tests.support.names import Follow

__all__ = ["loop", "make_loop"]

WEB = Path.parse("/svc/web")
ID = "/#/io.l5d.fs/web"
SOON = 0.02


@pytest.fixture
def logged():
    """The texts that are logged."""
    texts = []

    def observer(event):
        if event["log_namespace"] == "linkerpy.namerd":
            texts.append(event["log_format"].format(**event))

    globalLogPublisher.addObserver(observer)
    yield texts
    globalLogPublisher.removeObserver(observer)


class World:
    """A namerd double and interpreters that ask it."""

    def __init__(self, loop):
        self.loop, self.until = loop, loop.until
        self.double = Double(loop.reactor)
        self.api = self.double.api
        self.metrics = Metrics()
        self.env = fake_env(loop.reactor)
        self.env.clock = loop.reactor

    def namespace(self, base=""):
        addresses = Source(bound(Address("127.0.0.1", self.double.port)))
        service = HttpService(self.loop.reactor, addresses, "namerd", Random(1))
        return Namespace(service, "default", base)

    def http(self):
        return NamerdHttp(self.namespace(), lambda: repeat(SOON), self.metrics, self.env)

    def poll(self, period=SOON, base=""):
        prefix = Path.parse("/#/namerd")
        return NamerdPoll(self.namespace(base), prefix, period, self.metrics, self.env)

    def restart(self):
        """The double is gone, with all connections, and back at the same place."""
        port, known = self.double.port, self.api._known
        self.double.stop()
        self.loop.turns()
        self.double = Double(self.loop.reactor, port)
        self.api = self.double.api
        self.api._known = known


@pytest.fixture
def world(loop):
    return World(loop)


class Addrs:
    """The replicas of the only leaf of a followed name."""

    def __init__(self, world, activity):
        self.states, self.seen = [], []
        self.handle = activity.observe(self.states.append)
        world.until(lambda: isinstance(self.states[-1], Ok), "the tree")
        self.addr = self.states[-1].value.value.addr.observe(self.seen.append)

    @property
    def last(self):
        return self.seen[-1]

    def close(self):
        self.addr.close()
        self.handle.close()


def at(*ports):
    return bound(*[Address("127.0.0.1", port) for port in ports])


def test_a_tree_and_its_replicas_are_watched(world):
    follow = Follow(world.http().bind(Dtab.EMPTY, WEB))
    assert follow.last == ("pending", None)
    world.api.say("bind", "/svc/web", {"type": "neg"})
    world.until(lambda: follow.last == ("ok", "~"))
    world.api.say("bind", "/svc/web", leaf(ID, "/rest"))
    world.until(lambda: follow.last == ("ok", f"{ID}[/rest]"))
    follow.handle.close()
    world.until(lambda: not world.api.watches)


def test_replicas_change_without_a_change_of_the_tree(world):
    world.api.say("bind", "/svc/web", leaf(ID))
    addrs = Addrs(world, world.http().bind(Dtab.EMPTY, WEB))
    assert addrs.last == ADDR_PENDING
    for said, addr in [
        (replicas(1), at(1)),
        (replicas(1, 2), at(1, 2)),
        ({"type": "failed", "cause": "boom"}, AddrFailed(BindingFailed("boom"))),
        ({"type": "neg"}, ADDR_NEG),
    ]:
        world.api.say("addr", ID, said)
        world.until(lambda addr=addr: addrs.last == addr)
    assert len(addrs.states) == 2
    addrs.close()
    world.until(lambda: not world.api.watches)


def test_the_dtab_of_the_router_and_of_the_request_goes_with_the_question(world):
    http = world.http()
    follow = Follow(http.bind(Dtab.parse("/svc => /a; /x => 1*/b & 0.001*/c"), WEB))
    world.until(lambda: world.api.watches)
    assert world.api.asked == ["bind/default /svc/web /svc=>/a;/x=>/b & 0.001*/c"]
    follow.handle.close()


def test_who_asks_the_same_shares_one_watch(world):
    http = world.http()
    world.api.say("bind", "/svc/web", leaf(ID))
    first, second = (Addrs(world, http.bind(Dtab.EMPTY, WEB)) for _ in range(2))
    world.api.say("addr", ID, replicas(1))
    world.until(lambda: first.last == second.last == at(1))
    assert sorted(world.api.asked) == [f"addr/default {ID}", "bind/default /svc/web"]
    first.close()
    second.close()


def test_what_nobody_follows_any_more_is_forgotten(world):
    http = world.http()
    world.api.say("bind", "/svc/web", leaf(ID))
    addrs = Addrs(world, http.bind(Dtab.EMPTY, WEB))
    assert set(http.snapshot()["bind"]) == {"/svc/web"}
    addrs.close()
    del addrs
    gc.collect()
    assert http.snapshot() == {"bind": {}, "addr": {}}


def test_what_namerd_said_stays_while_it_is_gone_and_is_followed_again_after(world, logged):
    world.api.say("bind", "/svc/web", leaf(ID))
    world.api.say("addr", ID, replicas(1))
    addrs = Addrs(world, world.http().bind(Dtab.EMPTY, WEB))
    world.until(lambda: addrs.last == at(1))
    world.restart()
    world.until(lambda: len(world.api.watches) == 2)
    assert addrs.last == at(1)
    world.api.say("addr", ID, replicas(2))
    world.until(lambda: addrs.last == at(2))
    assert [type(state) for state in addrs.states] == [Pending, Ok]
    assert counts(world.metrics)["failures"] >= 2
    world.until(lambda: logged[-1] == "namerd namerd answers again")
    assert "the answer broke off: Connection to the other side was lost" in logged[0]
    assert "what it said last stays in use" in logged[0]
    assert len(logged) == 2
    addrs.close()


@pytest.mark.parametrize(
    "break_it",
    [
        lambda api: api.refuse(500, b"no store"),
        lambda api: api.say_line("bind", "/svc/web", b"the store is gone"),
        lambda api: api.say("bind", "/svc/web", {"type": "odd"}),
    ],
    ids=["status", "error line", "odd tree"],
)
def test_an_answer_that_is_none_neither_moves_a_name_nor_stops_the_watch(world, break_it):
    world.api.say("bind", "/svc/web", leaf(ID))
    follow = Follow(world.http().bind(Dtab.EMPTY, WEB))
    world.until(lambda: follow.last == ("ok", ID))
    break_it(world.api)
    world.api.end()
    world.until(lambda: len(world.api.asked) > 4)
    assert follow.last == ("ok", ID)
    world.api.refuse(None)
    world.api.say("bind", "/svc/web", leaf("/#/other"))
    world.until(lambda: follow.last == ("ok", "/#/other"))
    follow.handle.close()


def test_namerd_explains_a_name(world):
    tree = {"type": "neg", "path": "/svc/web"}
    world.api.say("delegate", "/svc/web", tree)
    http, states = world.http(), []
    assert isinstance(http, Delegator)
    http.delegate(Dtab.parse("/a => /b"), WEB).first(states.append)
    world.until(lambda: states)
    assert tree_json(states[0].value) == tree
    assert world.api.asked == ["delegate/default /svc/web /a=>/b"]


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [
        (lambda api: api.refuse(501, b"no delegations"), "501 Not Implemented: no delegations"),
        (lambda api: api.say_line("delegate", "/svc/web", b"oops"), "not JSON: oops"),
        (lambda api: api.say("delegate", "/svc/web", {"type": "neg"}), "cannot be read"),
    ],
)
def test_an_explanation_that_fails_says_why(world, break_it, reason):
    break_it(world.api)
    states = []
    world.http().delegate(Dtab.EMPTY, WEB).first(states.append)
    world.until(lambda: states)
    assert isinstance(states[0], Failed)
    assert reason in str(states[0].error)


def test_the_state_page_shows_names_ids_and_their_watches(world):
    world.api.say("bind", "/svc/web", leaf(ID))
    world.api.say("addr", ID, replicas(1))
    http = world.http()
    addrs = Addrs(world, http.bind(Dtab.parse("/a => /b"), WEB))
    world.until(lambda: addrs.last == at(1))
    shown = json.loads(json.dumps(http.snapshot()))
    tree = shown["bind"]["/svc/web"]["/a=>/b"]
    assert tree["state"]["running"] is True
    assert tree["state"]["value"] == leaf(ID)
    assert tree["watch"]["streaming"] is True
    assert shown["addr"][ID]["state"]["value"] == replicas(1)
    addrs.close()


# -- polling --------------------------------------------------------------------------------------


def test_a_polled_name_is_bound_to_itself_and_follows_each_answer(world):
    world.api.say("resolve", "/svc/web", replicas(1, 2, w2=3.0))
    addrs = Addrs(world, world.poll().bind(Dtab.EMPTY, WEB))
    assert addrs.states[-1].value.value.id.show() == "/#/namerd/svc/web"
    world.until(lambda: addrs.last != ADDR_PENDING)
    assert {a.port: a.weight for a in addrs.last.addresses} == {1: 1.0, 2: 3.0}
    world.api.say("resolve", "/svc/web", replicas(3))
    world.until(lambda: addrs.last == at(3))
    world.api.say("resolve", "/svc/web", replicas())
    world.until(lambda: addrs.last == bound())
    assert len(addrs.seen) == 4
    addrs.close()
    asked = len(world.api.asked)
    world.loop.turns()
    assert len(world.api.asked) == asked


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [
        (lambda api: api.say("resolve", "/svc/web", {"type": "neg"}), 'no replicas: {"type":'),
        (lambda api: api.say("resolve", "/svc/web", [1]), "an object with a `type`"),
        (lambda api: api.say_line("resolve", "/svc/web", b"oops"), "not JSON: oops"),
        (lambda api: api.refuse(404), "404 Not Found"),
    ],
)
def test_whatever_else_is_answered_the_last_replicas_stay(world, logged, break_it, reason):
    world.api.say("resolve", "/svc/web", replicas(1))
    addrs = Addrs(world, world.poll().bind(Dtab.EMPTY, WEB))
    world.until(lambda: addrs.last == at(1))
    break_it(world.api)
    world.until(lambda: counts(world.metrics).get("failures", 0) > 1)
    assert addrs.last == at(1)
    assert len(logged) == 1
    assert reason in logged[0]
    addrs.close()


def test_a_name_that_has_no_answer_yet_is_pending_and_comes_when_it_does(world):
    addrs = Addrs(world, world.poll(base="/base").bind(Dtab.EMPTY, WEB))
    world.until(lambda: counts(world.metrics).get("failures", 0) > 1)
    assert addrs.seen == [ADDR_PENDING]
    world.api.say("resolve", "/svc/web", replicas(1))
    addrs.close()
    fine = Addrs(world, world.poll().bind(Dtab.EMPTY, WEB))
    world.until(lambda: fine.last == at(1))
    fine.close()


def test_polls_are_shown_and_counted(world):
    world.api.say("resolve", "/svc/web", replicas(1))
    poll = world.poll(period=60)
    addrs = Addrs(world, poll.bind(Dtab.EMPTY, WEB))
    world.until(lambda: addrs.last == at(1))
    shown = poll.snapshot()["resolve"]["/svc/web"]
    assert shown["poll"]["request"] == "http://namerd/api/1/resolve/default?path=%2Fsvc%2Fweb"
    assert shown["state"]["value"] == replicas(1)
    assert counts(world.metrics) == {"success": 1}
    assert world.metrics.stat("request_latency_ms").count == 1
    addrs.close()
