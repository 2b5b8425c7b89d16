"""Aperture: how many endpoints are inside, which, and for how long."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.policy.aperture import Aperture, ApertureNode, Band, aperture
from linkerpy.policy.balance import BUSY, OPEN, WeightClasses
from tests.policy.nodes import Node, Time, events, shares

BAND = Band(window=5.0, low=0.5, high=2.0, narrowest=1)


class Made:
    def __init__(self, count, band=BAND, seed=1):
        self.time = Time()
        self.count, self.counted = events()
        self.nodes = [ApertureNode(Node(name=str(number))) for number in range(count)]
        self.balancer = Aperture(Random(seed), 5, self.count, band, self.time)
        self.balancer.update(self.nodes)
        self.under_way = []

    @property
    def inside(self):
        return set(self.balancer.nodes)

    def hold(self, concurrency, seconds, step=0.1):
        """Keep so many requests under way for a time; each lasts one step."""
        for _ in range(round(seconds / step)):
            while self.under_way:
                self.under_way.pop().ended(0.0)
            for _ in range(concurrency):
                node = self.balancer.pick()
                node.started()
                self.under_way.append(node)
            self.time.now += step
        return self.balancer.width


def test_no_node_gives_none_and_one_node_gives_itself():
    assert Made(0).balancer.pick() is None
    made = Made(1)
    assert made.balancer.pick() is made.nodes[0]
    made.nodes[0].endpoint.status = BUSY
    assert made.balancer.pick() is made.nodes[0]


def test_little_load_stays_with_the_narrowest_aperture():
    made = Made(10)
    assert made.hold(1, 60) == 1
    assert Made(10, Band(narrowest=3)).hold(1, 60) == 3


def test_it_widens_until_the_load_is_in_the_band_and_narrows_when_it_has_gone():
    made = Made(20)
    width = made.hold(12, 60)
    assert 12 / BAND.high <= width <= 12 / BAND.low
    assert made.hold(1, 120) in (1, 2)
    assert made.counted["loadband/widen"] >= width - 1
    assert made.counted["loadband/narrow"] >= width - 2


def test_a_short_peak_is_smoothed_away():
    made = Made(20)
    made.hold(1, 60)
    assert made.hold(8, 0.5) == 1
    assert made.hold(8, 10) > 3


def test_it_is_never_wider_than_there_are_nodes():
    made = Made(3)
    assert made.hold(50, 60) == 3
    made.under_way.clear()
    made.balancer.update(made.nodes[:2])
    assert made.balancer.width == 2


def test_inside_the_less_loaded_of_two_is_picked():
    made = Made(2, Band(narrowest=2))
    made.nodes[0].pending = 5
    assert {made.balancer.pick() for _ in range(30)} == {made.nodes[1]}


def test_equal_nodes_inside_get_equal_shares_and_others_none():
    made = Made(8, Band(narrowest=4))
    got = dict(zip(made.nodes, shares(made.balancer, made.nodes, 8000), strict=True))
    assert [got[node] for node in made.inside] == pytest.approx([0.25] * 4, abs=0.02)
    assert sum(got.values()) == pytest.approx(1)


def test_clients_have_different_parts():
    inside = Counter()
    for seed in range(1000):
        inside.update(node.endpoint.name for node in Made(10, Band(narrowest=2), seed).inside)
    assert [inside[str(number)] / 1000 for number in range(10)] == pytest.approx(
        [0.2] * 10, abs=0.05
    )


def test_a_client_keeps_its_part_while_its_nodes_stay():
    made = Made(10, Band(narrowest=4))
    before = made.inside
    made.balancer.update(list(reversed(made.nodes)))
    assert made.inside == before
    gone = next(iter(before))
    made.balancer.update([node for node in made.nodes if node is not gone])
    assert made.inside > before - {gone}
    assert gone not in {made.balancer.pick() for _ in range(200)}


def test_the_wider_aperture_includes_the_narrower():
    made = Made(20)
    narrow = made.inside
    made.hold(12, 60)
    assert made.inside > narrow


def test_a_node_outside_stands_in_for_a_busy_one_until_that_is_open_again():
    made = Made(6)
    first = made.balancer.pick()
    first.endpoint.status = BUSY
    second = made.balancer.pick()
    assert second is not first
    assert second.status == OPEN
    assert made.counted["max_effort_exhausted"] == 1
    assert {made.balancer.pick() for _ in range(20)} == {second}
    first.endpoint.status = OPEN
    assert made.balancer.pick() is first
    assert made.counted["rebuilds"] == 2


def test_the_load_of_a_removed_node_is_forgotten():
    made = Made(4)
    gone = made.balancer.pick()
    for _ in range(100):
        gone.started()
    made.balancer.update([node for node in made.nodes if node is not gone])
    made.hold(1, 60)
    assert made.balancer.smoothed == pytest.approx(1, abs=0.5)
    gone.ended(0.0)
    assert gone.pending == 99
    assert made.hold(1, 60) == 1


def test_a_node_whose_weight_changes_takes_its_load_along():
    time, random = Time(), Random(1)
    algorithm = aperture(time, BAND)
    endpoints = [Node(weight=weight) for weight in (1.0, 1.0, 2.0)]
    nodes = [algorithm.observe(endpoint) for endpoint in endpoints]
    classes = WeightClasses(lambda: algorithm.make(random, print), random, lambda event: None)
    classes.update(nodes)
    light, heavy = classes.balancers
    nodes[0].started()
    for weight, owner in ((2.0, heavy), (1.0, light), (2.0, heavy)):
        endpoints[0].weight = weight
        classes.update(nodes)
        assert [node.aperture for node in nodes] == [owner, light, heavy]
    time.now += 1000
    classes.update(nodes)
    assert (light.smoothed, heavy.smoothed) == (0, pytest.approx(1))


def test_a_node_without_an_aperture_counts_its_requests_all_the_same():
    node = ApertureNode(Node())
    node.started()
    node.ended(node.started())
    assert node.load == 1


@given(
    st.integers(1, 5),
    st.lists(
        st.tuples(st.sampled_from("ppppetb+-"), st.integers(0, 7), st.floats(0, 20)), max_size=80
    ),
)
def test_whatever_happens_the_width_and_the_pick_are_within_bounds(narrowest, steps):
    made = Made(8, Band(narrowest=narrowest))
    present = list(made.nodes)
    for what, number, seconds in steps:
        node = made.nodes[number]
        match what:
            case "p":
                picked = made.balancer.pick()
                assert (picked in present) if present else picked is None
                if any(node.status == OPEN for node in made.inside):
                    assert picked.status == OPEN or made.counted["max_effort_exhausted"]
                if picked is not None:
                    picked.started()
                    made.under_way.append(picked)
            case "e" if made.under_way:
                made.under_way.pop().ended(0.0)
            case "t":
                made.time.now += seconds
            case "b":
                node.endpoint.status = BUSY if node.status == OPEN else OPEN
            case "+" | "-":
                present = [n for n in made.nodes if n in present and n is not node]
                present += [node] if what == "+" else []
                made.balancer.update(present)
        width = made.balancer.width
        assert min(narrowest, len(present)) <= width <= len(present)
        assert made.inside <= set(present)
        assert len(made.inside) == width
