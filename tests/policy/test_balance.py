"""p2c and weight classes."""

from collections import Counter
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.policy.balance import BUSY, CLOSED, OPEN, P2C, WeightClasses, balance


@dataclass(eq=False)
class Node:
    load: int = 0
    status: int = OPEN
    weight: float = 1.0


def p2c(nodes, exhausted=lambda: None, seed=1):
    return P2C(nodes, Random(seed), 5, exhausted)


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


def test_the_two_drawn_nodes_are_distinct_and_every_node_is_drawn():
    nodes = [Node() for _ in range(5)]
    balancer = p2c(nodes)
    picked = Counter(id(balancer.pick()) for _ in range(5000))
    assert len(picked) == 5
    assert min(picked.values()) > 700


def test_when_no_open_node_is_found_the_effort_is_counted_and_a_node_tried_anyway():
    told = []
    nodes = [Node(status=BUSY), Node(status=BUSY), Node(status=BUSY)]
    assert p2c(nodes, lambda: told.append(1)).pick() in nodes
    assert told == [1]


def test_an_open_node_among_busy_ones_is_found_within_the_effort():
    nodes = [Node(status=BUSY) for _ in range(3)] + [Node()]
    balancer = p2c(nodes)
    found = sum(balancer.pick() is nodes[3] for _ in range(1000))
    assert found > 950  # 1 - (1/2)^5


def test_equal_weights_need_no_classes():
    assert isinstance(balance([Node(), Node()], p2c, Random(1), lambda: None), P2C)


@pytest.mark.parametrize(
    ("weights", "expected"),
    [([1.0, 0.23], [1 / 1.23, 0.23 / 1.23]), ([3.0, 1.0, 1.0], [0.6, 0.2, 0.2])],
)
def test_classes_share_traffic_by_weight_times_size(weights, expected):
    nodes = [Node(weight=weight) for weight in weights]
    balancer = WeightClasses(nodes, p2c, Random(7), lambda: None)
    picked = Counter(id(balancer.pick()) for _ in range(20000))
    shares = [picked[id(node)] / 20000 for node in nodes]
    assert shares == pytest.approx(expected, abs=0.02)


def test_a_class_of_zero_weight_gets_nothing_beside_others():
    nodes = [Node(weight=0.0), Node(weight=1.0)]
    balancer = WeightClasses(nodes, p2c, Random(3), lambda: None)
    assert {id(balancer.pick()) for _ in range(1000)} == {id(nodes[1])}


def test_a_class_without_an_open_node_yields_to_the_next():
    told = []
    heavy, light = Node(weight=100.0, status=BUSY), Node(weight=0.01)
    balancer = WeightClasses([heavy, light], p2c, Random(3), lambda: told.append(1))
    assert balancer.pick() is light
    assert told


@given(st.lists(st.floats(0, 10), min_size=1, max_size=8), st.integers(0, 1000))
def test_a_node_is_always_found_if_there_is_one(weights, seed):
    nodes = [Node(weight=weight) for weight in weights]
    balancer = balance(nodes, p2c, Random(seed), lambda: None)
    assert balancer.pick() in nodes
