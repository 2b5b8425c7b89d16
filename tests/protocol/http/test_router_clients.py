"""What a router's file says of its clients is what its endpoints do."""

import pytest

from linkerpy.app import schema
from linkerpy.codec.http import Request
from linkerpy.core.activity import Ok
from linkerpy.core.drive import drive
from linkerpy.naming import addr
from linkerpy.naming.addr import Address
from linkerpy.naming.path import Path
from linkerpy.policy.balance import BUSY, OPEN
from linkerpy.protocol.http import dialing
from linkerpy.protocol.http.config import HttpRouter
from linkerpy.protocol.http.router import RunningHttpRouter
from linkerpy.router.dst import Context, Dst
from tests.protocol.http.playbook import OK, Names, answer
from tests.protocol.http.transports import Network
from tests.support.env import counts, fake_env

schema.install()
ERROR = answer(status="500 Internal Server Error")


class Running:
    """A router made of a file's `client`, which knows `/svc/web` and `/svc/api`."""

    def __init__(self, monkeypatch, client):
        self.env = fake_env()
        self.network = Network(self.env.clock)
        monkeypatch.setattr(dialing, "connect", self.network.connect)
        config = HttpRouter.model_validate(
            {"protocol": "http", "servers": [], "client": client}, by_alias=True, by_name=False
        )
        names = Names()
        self.router = RunningHttpRouter(config, names, self.env).router
        for number, name in enumerate(("web", "api"), 1):
            names.tree(f"/svc/{name}").update(Ok(names.leaf(f"/#/io.l5d.fs/{name}")))
            address = Address(f"10.0.0.{number}", 80)
            names.addr(f"/#/io.l5d.fs/{name}").update(addr.bound(address))

    def ask(self, reply=OK, name="web", times=1):
        """Ask a service that answers so, or not at all; what its endpoint's status is then."""
        for _ in range(times):
            request = Request(b"GET", b"/", [(b"Host", b"web")])
            request.ctx = Context("10.9.9.9:50000")
            request.ctx.dst = Dst(Path.parse(f"/svc/{name}"))
            drive(self.router.dispatch(request), lambda _response, _error: None)
            self.wait(0)
            if self.network.made:
                self.network.made[-1].receive(reply if isinstance(reply, bytes) else reply.encode())
            self.wait(0)
        return self.status(name)

    def status(self, name="web"):
        (client,) = [
            e.value.client for e in self.router.clients if e.key.bound.id.show().endswith(name)
        ]
        (endpoint,) = client._endpoints.values()
        return endpoint.status

    def wait(self, seconds):
        self.env.clock.pump([seconds, 0.02])

    def counted(self):
        return counts(self.router.metrics.scope("client", "#/io.l5d.fs/web"))


@pytest.fixture
def run(monkeypatch):
    def start(**client):
        return Running(monkeypatch, client)

    return start


def test_five_failures_in_a_row_take_an_endpoint_out_where_nothing_is_said(run):
    router = run()
    assert router.ask(ERROR, times=4) == OPEN
    assert router.ask(ERROR) == BUSY
    assert router.counted()["failure_accrual/removals"] == 1
    assert router.counted()["failure_accrual/removed_for_ms"] == 5000


def test_the_kind_and_its_backoff_are_what_counts(run):
    accrual = {"kind": "io.l5d.consecutiveFailures", "failures": 2}
    router = run(failureAccrual=accrual | {"backoff": {"kind": "constant", "ms": 700}})
    assert router.ask(ERROR) == OPEN
    assert router.ask(ERROR) == BUSY
    router.wait(0.6)
    assert router.status() == BUSY
    router.wait(0.1)
    assert router.status() == OPEN


def test_none_takes_no_endpoint_out(run):
    router = run(failureAccrual={"kind": "none"})
    assert router.ask(ERROR, times=20) == OPEN


def test_clients_may_have_different_accruals(run):
    one = {"kind": "io.l5d.consecutiveFailures", "failures": 1}
    router = run(
        kind="io.l5d.static", configs=[{"prefix": "/#/io.l5d.fs/api", "failureAccrual": one}]
    )
    assert router.ask(ERROR, "api") == BUSY
    assert router.ask(ERROR, "web") == OPEN


@pytest.mark.parametrize(("value", "status"), [(True, BUSY), (False, OPEN)])
def test_fail_fast_takes_an_endpoint_out_that_refuses_a_connection(run, value, status):
    router = run(failFast=value, failureAccrual={"kind": "none"})
    router.network.refusing.add("10.0.0.1:80")
    assert router.ask() == status
    assert router.counted().get("failfast/marked_dead", 0) == value


@pytest.mark.parametrize(("key", "counter"), [("idleTimeMs", "idle"), ("lifeTimeMs", "lifetime")])
def test_a_session_ends_after_its_time(run, key, counter):
    router = run(clientSession={key: 3000})
    router.ask()
    router.wait(2.9)
    assert not router.network.made[-1].lost
    router.wait(0.2)
    assert router.network.made[-1].lost
    assert router.counted()[counter] == 1


def test_a_pool_keeps_its_least_size_when_idle(run):
    router = run(hostConnectionPool={"minSize": 1, "idleTimeMs": 1000})
    router.ask()
    router.wait(10)
    assert not router.network.made[-1].lost
