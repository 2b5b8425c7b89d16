"""A client follows its addresses: which endpoints it has, and what those are told who wait."""

import pytest

from linkerpy.core.drive import drive
from linkerpy.core.errors import BindingFailed, NoHosts
from linkerpy.core.var import Source
from linkerpy.naming.addr import ADDR_NEG, ADDR_PENDING, Address, AddrFailed, bound
from linkerpy.policy.balance import CLOSED, OPEN, p2c
from linkerpy.router.client import Client
from linkerpy.router.dst import Context
from tests.support.env import counts, fake_env

ONE, TWO = Address("10.0.0.1", 80), Address("10.0.0.2", 80)
WEIGHTED = Address("10.0.0.1", 80, (("endpoint_addr_weight", 2.0),))


class FakeEndpoint:
    def __init__(self, address):
        self.address = address
        self.load = 0
        self.status = OPEN

    @property
    def weight(self):
        return self.address.weight

    async def send(self, _request):
        return self.address

    def close(self):
        self.status = CLOSED


class Request:
    def __init__(self):
        self.ctx = Context("1.2.3.4:5")


class Following:
    def __init__(self, state=ADDR_PENDING):
        self.env = fake_env()
        self.addr = Source(state)
        self.made = []
        self.client = Client(self.addr, self._make, p2c(), self.env.metrics, self.env)

    def _make(self, address):
        self.made.append(FakeEndpoint(address))
        return self.made[-1]

    def send(self):
        told = []

        async def run():
            if not self.client.ready:
                await self.client.wait()
            return await self.client.send(Request())

        drive(run(), lambda result, error: told.append(error or result))
        return told

    def gauges(self):
        names = ("size", "available", "closed", "load")
        nodes = self.env.metrics.scope("loadbalancer").node.children
        return tuple(nodes[name].metric.value for name in names)


def test_it_is_ready_once_the_addresses_are_known():
    following = Following()
    told = following.send()
    assert (told, following.client.ready) == ([], False)
    following.addr.update(bound(ONE))
    assert (told, following.client.ready) == ([ONE], True)


@pytest.mark.parametrize("state", [ADDR_NEG, bound()])
def test_no_addresses_is_an_answer_too(state):
    following = Following()
    told = following.send()
    following.addr.update(state)
    assert [type(error) for error in told] == [NoHosts]
    assert following.client.ready


def test_a_failure_fails_those_who_wait_and_those_who_come_until_it_is_over():
    following = Following()
    told = following.send()
    following.addr.update(AddrFailed(RuntimeError("boom")))
    assert [(type(error), str(error)) for error in told] == [(BindingFailed, "boom")]
    assert isinstance(following.send()[0], BindingFailed)
    following.addr.update(bound(ONE))
    assert following.send() == [ONE]


@pytest.mark.parametrize("state", [ADDR_PENDING, AddrFailed(RuntimeError("boom"))])
def test_known_addresses_outlive_what_their_source_suffers(state):
    following = Following(bound(ONE))
    following.addr.update(state)
    assert following.send() == [ONE]
    assert "failed" not in repr(following.client.wait())
    assert following.client.state() == {"state": "bound", "addresses": ["10.0.0.1:80"]}


def test_neg_empties_the_set():
    following = Following(bound(ONE))
    following.addr.update(ADDR_NEG)
    assert isinstance(following.send()[0], NoHosts)
    assert following.made[0].status == CLOSED
    assert following.client.state() == {"state": "Neg", "addresses": []}


def test_an_address_that_stays_keeps_its_endpoint():
    following = Following(bound(ONE))
    following.addr.update(bound(ONE, TWO))
    assert [endpoint.address for endpoint in following.made] == [ONE, TWO]
    following.addr.update(bound(TWO))
    assert [endpoint.status for endpoint in following.made] == [CLOSED, OPEN]
    assert following.client.addresses == ["10.0.0.2:80"]


def test_a_new_weight_is_taken_without_a_new_endpoint():
    following = Following(bound(ONE, TWO))
    following.addr.update(bound(WEIGHTED, TWO))
    assert len(following.made) == 2
    assert following.made[0].weight == 2.0
    picks = [following.send()[0].ip for _ in range(300)]
    assert 170 < picks.count("10.0.0.1") < 230


def test_the_figures():
    following = Following(bound(ONE, TWO))
    assert following.gauges() == (2, 2, 0, 0)
    following.made[0].load = 3
    following.addr.update(bound(ONE))
    assert following.gauges() == (1, 1, 0, 3)
    found = counts(following.env.metrics)
    assert (found["loadbalancer/adds"], found["loadbalancer/removes"]) == (2, 1)
    assert found["loadbalancer/updates"] == found["loadbalancer/rebuilds"] == 2


def test_the_chosen_address_is_told_to_the_context():
    following = Following(bound(ONE))
    request = Request()
    drive(following.client.send(request), lambda _result, _error: None)
    assert request.ctx.endpoint == ONE


def test_closing_tells_those_who_wait_closes_endpoints_and_stops_following():
    following = Following()
    told = following.send()
    following.client.close()
    assert isinstance(told[0], BindingFailed)
    following.addr.update(bound(ONE))
    assert following.made == []

    following = Following(bound(ONE))
    following.client.close()
    assert following.made[0].status == CLOSED
    assert following.gauges() == (0, 0, 0, 0)


def test_one_who_gives_up_waiting_is_forgotten():
    following = Following()
    reply = following.client.wait()
    reply.cancel()
    assert following.client._waiters == []
    following.addr.update(bound(ONE))


def test_pending_neg_and_failed_are_told_apart():
    for state, told in ((ADDR_PENDING, "Pending"), (ADDR_NEG, "Neg")):
        assert Following(state).client.state() == {"state": told, "addresses": []}
    failed = Following(AddrFailed(RuntimeError("boom")))
    assert failed.client.state() == {"state": "Failed: boom", "addresses": []}
