"""p2c and weight classes."""

from functools import partial
from random import Random
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.policy.balance import BUSY, CLOSED, OPEN, P2C, Observed, WeightClasses
from tests.policy.nodes import Node, events, shares


def p2c(nodes, count=lambda event: None, seed=1):
    balancer = P2C(Random(seed), 5, count)
    balancer.update(nodes)
    return balancer


def classes(nodes, count=lambda event: None, seed=1, make=None):
    random = Random(seed)
    balancer = WeightClasses(make or partial(P2C, random, 5, count), random, count)
    balancer.update(nodes)
    return balancer


def test_no_node_gives_none_and_one_node_gives_itself():
    only = Node(status=CLOSED)
    assert p2c([]).pick() is None
    assert p2c([only]).pick() is only


def test_of_two_nodes_the_less_loaded_one_is_picked():
    idle, loaded = Node(0), Node(7)
    balancer = p2c([idle, loaded])
    assert all(balancer.pick() is idle for _ in range(50))


def test_a_better_status_beats_a_lower_load():
    busy, loaded = Node(0, BUSY), Node(100, OPEN)
    balancer = p2c([busy, loaded])
    assert all(balancer.pick() is loaded for _ in range(50))


def test_equal_nodes_get_equal_shares():
    nodes = [Node() for _ in range(5)]
    assert shares(p2c(nodes), nodes, 5000) == pytest.approx([0.2] * 5, abs=0.02)


def test_when_no_open_node_is_found_the_effort_is_counted_and_a_node_tried_anyway():
    count, counted = events()
    nodes = [Node(status=BUSY), Node(status=BUSY), Node(status=BUSY)]
    assert p2c(nodes, count).pick() in nodes
    assert counted == {"max_effort_exhausted": 1, "rebuilds": 1}


def test_an_open_node_among_busy_ones_is_found_within_the_effort():
    nodes = [Node(status=BUSY) for _ in range(3)] + [Node()]
    count, counted = events()
    open_, *_ = shares(p2c(nodes, count), nodes[3:], 2000)
    assert counted["max_effort_exhausted"] / 2000 == pytest.approx(1 / 2**5, abs=0.015)
    assert open_ == pytest.approx(1 - 1 / 2**6, abs=0.015)


def test_a_removed_node_is_not_picked_and_a_new_one_is():
    first, second, third = Node(), Node(), Node()
    balancer = p2c([first, second])
    balancer.update([second, third])
    assert shares(balancer, [first, second, third], 2000) == pytest.approx([0, 0.5, 0.5], abs=0.04)


def test_one_weight_needs_no_classes():
    nodes = [Node(), Node()]
    balancer = classes(nodes)
    assert isinstance(balancer.simplest, P2C)
    assert (balancer.weights, balancer.mean_weight) == (1, 1.0)
    nodes[0].weight = 2.0
    balancer.update(nodes)
    assert balancer.simplest is balancer
    assert (balancer.weights, balancer.mean_weight) == (2, 1.5)
    balancer.update([])
    assert (balancer.weights, balancer.mean_weight, balancer.simplest.pick()) == (0, 0.0, None)


@pytest.mark.parametrize(
    ("weights", "expected"),
    [([1.0, 0.23], [1 / 1.23, 0.23 / 1.23]), ([3.0, 1.0, 1.0], [0.6, 0.2, 0.2])],
)
def test_classes_share_traffic_by_weight_times_size(weights, expected):
    nodes = [Node(weight=weight) for weight in weights]
    assert shares(classes(nodes, seed=7), nodes, 20000) == pytest.approx(expected, abs=0.02)


def test_a_class_of_zero_weight_gets_nothing_beside_others():
    nodes = [Node(weight=0.0), Node(weight=1.0)]
    assert shares(classes(nodes, seed=3), nodes, 1000) == [0, 1]


def test_a_class_without_an_open_node_yields_to_the_next():
    count, counted = events()
    heavy, light = Node(weight=100.0, status=BUSY), Node(weight=0.01)
    assert classes([heavy, light], count, seed=3).pick() is light
    assert counted["busy_weight_classes"] == 1


def test_when_no_class_has_an_open_node_one_is_tried_anyway():
    count, counted = events()
    nodes = [Node(weight=weight, status=BUSY) for weight in (1.0, 2.0)]
    assert shares(classes(nodes, count), nodes, 3000) == pytest.approx([1 / 3, 2 / 3], abs=0.03)
    assert counted["busy_weight_classes"] == 6000


def test_a_draw_that_rounding_carries_past_the_end_takes_the_heaviest_class():
    nodes = [Node(weight=weight) for weight in (0.1, 0.7, 0.2)]
    last = SimpleNamespace(random=lambda: 1.0)
    balancer = WeightClasses(partial(P2C, last, 5, print), last, print)
    balancer.update(nodes)
    assert balancer.pick() is nodes[1]


def test_an_observed_node_counts_its_requests_and_is_otherwise_its_endpoint():
    endpoint = Node(load=9, status=BUSY, weight=0.5)
    node = Observed(endpoint)
    started = [node.started(), node.started()]
    node.ended(started[0])
    assert (node.load, node.status, node.weight) == (1, BUSY, 0.5)
    assert repr(node) == f"<Observed 1 pending at {endpoint!r}>"


def test_a_class_keeps_its_balancer_while_there_are_nodes_of_its_weight():
    light, heavy, heavier = Node(weight=1.0), Node(weight=2.0), Node(weight=3.0)
    balancer = classes([light, heavy])
    before = balancer.balancers
    balancer.update([light, heavier])
    assert balancer.balancers == before  # that of the weight which has gone serves the new one
    balancer.update([light, heavy, heavier])
    assert balancer.balancers[0] is before[0]
    balancer.update([light])
    assert balancer.simplest is before[0]
    assert balancer.pick() is light


class Recorder:
    """A balancer that knows what it was given."""

    def __init__(self):
        self.nodes = ()

    def update(self, nodes):
        self.nodes = nodes

    def pick(self):
        return self.nodes[0] if self.nodes else None


def test_a_balancer_whose_weight_has_gone_is_given_no_nodes():
    made = []
    make = lambda: made.append(Recorder()) or made[-1]  # noqa: E731
    light, heavy = Node(weight=1.0), Node(weight=2.0)
    balancer = classes([light, heavy], make=make)
    balancer.update([light])
    assert [list(each.nodes) for each in made] == [[light], []]


@given(st.lists(st.floats(0, 10), min_size=1, max_size=8), st.integers(0, 1000))
def test_a_node_is_always_found_if_there_is_one(weights, seed):
    nodes = [Node(weight=weight) for weight in weights]
    assert classes(nodes, seed=seed).simplest.pick() in nodes


@given(st.lists(st.lists(st.sampled_from([0.5, 1.0, 2.0]), max_size=5), max_size=6))
def test_whatever_the_changes_exactly_the_nodes_of_the_last_are_balanced_over(sets):
    balancer = classes([], make=Recorder)
    nodes = []
    for weights in sets:
        nodes = [Node(weight=weight) for weight in weights]
        balancer.update(nodes)
    held = [node for each in balancer.balancers for node in each.nodes]
    assert sorted(map(id, held)) == sorted(map(id, nodes))
