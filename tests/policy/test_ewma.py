"""Peak EWMA: what an endpoint's latency is thought to be, and who gets requests for it."""

import heapq
from collections import Counter
from math import exp
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.policy.ewma import PENALTY, ewma
from tests.policy.nodes import Node, Time

MS = 1e6
DECAY = 10.0


class Tried:
    """One endpoint that takes as long as the test says."""

    def __init__(self):
        self.time = Time()
        self.node = ewma(self.time, DECAY).observe(Node())

    def request(self, seconds):
        started = self.node.started()
        self.time.now += seconds
        self.node.ended(started)


def test_the_penalty_is_the_contracts():
    assert PENALTY == (2**63 - 1) >> 16


def test_a_first_request_sets_the_cost():
    tried = Tried()
    tried.request(0.005)
    assert tried.node.cost == pytest.approx(5 * MS)


def test_a_slower_request_raises_the_cost_at_once():
    tried = Tried()
    tried.request(0.005)
    tried.request(0.5)
    assert tried.node.cost == pytest.approx(500 * MS)


@pytest.mark.parametrize("pause", [0.0, 1.0, 10.0, 100.0])
def test_faster_requests_bring_it_down_by_and_by(pause):
    tried = Tried()
    tried.request(0.5)
    tried.time.now += pause
    tried.request(0.1)
    old = exp(-(pause + 0.1) / DECAY)
    assert tried.node.cost == pytest.approx((500 * old + 100 * (1 - old)) * MS)


def test_it_shows_its_cost():
    tried = Tried()
    tried.request(0.0015)
    assert repr(tried.node).startswith("<PeakEwma 1.500 ms of Node(")


def test_reading_the_load_decays_the_cost():
    tried = Tried()
    tried.request(0.5)
    tried.time.now += DECAY
    assert tried.node.load == pytest.approx(500 * MS / exp(1))
    tried.time.now += DECAY
    assert tried.node.load == pytest.approx(500 * MS / exp(2))


def test_the_load_is_the_cost_of_one_request_more():
    tried = Tried()
    tried.request(0.5)
    tried.node.started()
    tried.node.started()
    assert tried.node.load == pytest.approx(1500 * MS)


def test_an_unknown_endpoint_costs_nothing_until_it_has_a_request():
    tried = Tried()
    assert tried.node.load == 0
    tried.node.started()
    assert tried.node.load == PENALTY + 1
    tried.node.started()
    assert tried.node.load == PENALTY + 2


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(1e-6, 100)), min_size=1, max_size=20))
def test_the_cost_stays_between_nothing_and_the_slowest_request(requests):
    tried = Tried()
    for pause, seconds in requests:
        tried.time.now += pause
        tried.request(seconds)
        assert 0 <= tried.node.cost <= max(s for _, s in requests) * 1e9 * (1 + 1e-6)
    assert tried.node.pending == 0


class Service:
    """Endpoints with a latency each, and a client with so many requests always under way."""

    def __init__(self, latencies, seed=1):
        self.time = Time()
        algorithm = ewma(self.time, DECAY)
        self.observe = algorithm.observe
        self.latency = latencies
        self.nodes = {name: self.observe(Node(name=name)) for name in latencies}
        self.balancer = algorithm.make(Random(seed), lambda event: None)
        self.balancer.update(list(self.nodes.values()))

    def add(self, name, latency):
        self.latency[name] = latency
        self.nodes[name] = self.observe(Node(name=name))
        self.balancer.update(list(self.nodes.values()))

    def run(self, requests, concurrency):
        picked, under_way = Counter(), []
        for number in range(requests):
            if len(under_way) == concurrency:
                self.end(heapq.heappop(under_way))
            node = self.balancer.pick()
            name = node.endpoint.name
            picked[name] += 1
            over = self.time.now + self.latency[name]
            heapq.heappush(under_way, (over, number, node, node.started()))
        while under_way:
            self.end(heapq.heappop(under_way))
        return picked

    def end(self, request):
        over, _, node, started = request
        self.time.now = over
        node.ended(started)


def test_most_requests_go_to_the_fast_ones():
    picked = Service({"fast": 0.001, "quick": 0.001, "slow": 0.1}).run(6000, 4)
    assert picked["slow"] < 100
    assert picked["fast"] / picked["quick"] == pytest.approx(1, abs=0.1)


def test_equally_fast_ones_get_equal_shares():
    picked = Service(dict.fromkeys("abcd", 0.01)).run(8000, 8)
    assert [picked[name] / 8000 for name in "abcd"] == pytest.approx([0.25] * 4, abs=0.03)


def test_one_that_recovers_gets_requests_again():
    service = Service({"a": 0.001, "b": 0.5})
    service.run(500, 2)
    service.latency["b"] = 0.001
    service.time.now += 10 * DECAY
    assert service.run(4000, 2)["b"] > 1000


def test_a_new_one_is_tried_by_one_request_until_it_has_answered():
    service = Service({"a": 0.001, "b": 0.001})
    service.run(100, 2)
    service.add("c", 5.0)
    for _ in range(200):
        service.balancer.pick().started()
    assert service.nodes["c"].pending == 1


def test_a_new_one_that_is_as_fast_gets_its_share():
    service = Service({"a": 0.01, "b": 0.01})
    service.run(100, 4)
    service.add("c", 0.01)
    assert service.run(6000, 4)["c"] / 6000 == pytest.approx(1 / 3, abs=0.05)


def test_what_is_known_of_an_endpoint_survives_a_change_of_the_nodes():
    service = Service({"a": 0.001, "b": 0.2})
    service.run(100, 2)
    cost = service.nodes["b"].cost
    service.add("c", 0.001)
    assert service.nodes["b"].cost == cost > 0
