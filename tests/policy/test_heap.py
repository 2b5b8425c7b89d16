"""The least loaded of all, whatever begins, ends, comes and goes."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.policy.balance import BUSY, CLOSED, OPEN, WeightClasses
from linkerpy.policy.heap import Heap, HeapNode, heap
from tests.policy.nodes import Node


def made(count, seed=1):
    nodes = [HeapNode(Node()) for _ in range(count)]
    balancer = Heap(Random(seed))
    balancer.update(nodes)
    return balancer, nodes


def test_no_node_gives_none():
    assert Heap(Random(1)).pick() is None
    balancer, _ = made(3)
    balancer.update([])
    assert balancer.pick() is None


def test_requests_that_last_spread_evenly():
    balancer, nodes = made(7)
    for _ in range(70):
        balancer.pick().started()
    assert [node.pending for node in nodes] == [10] * 7


def test_requests_one_after_the_other_take_all_nodes_in_turn():
    balancer, nodes = made(7)
    picked = Counter()
    for _ in range(70):
        node = balancer.pick()
        node.ended(node.started())
        picked[node] += 1
    assert picked == dict.fromkeys(nodes, 10)


def test_clients_begin_at_different_nodes():
    nodes = [Node() for _ in range(4)]
    first = Counter()
    for seed in range(2000):
        balancer = Heap(Random(seed))
        balancer.update([HeapNode(node) for node in nodes])
        first[balancer.pick().endpoint] += 1
    assert [first[node] / 2000 for node in nodes] == pytest.approx([0.25] * 4, abs=0.04)


def test_an_open_node_is_picked_however_loaded():
    balancer, nodes = made(3)
    for _ in range(5):
        nodes[1].started()
    nodes[0].endpoint.status = nodes[2].endpoint.status = BUSY
    assert balancer.pick() is nodes[1]
    nodes[2].endpoint.status = OPEN
    assert balancer.pick() is nodes[2]


def test_the_best_of_those_that_are_not_open_is_picked_if_none_is():
    balancer, nodes = made(4)
    for node, status in zip(nodes, (CLOSED, BUSY, BUSY, CLOSED), strict=True):
        node.endpoint.status = status
    nodes[1].started()
    assert balancer.pick() is nodes[2]


def test_a_new_node_takes_requests_until_it_is_like_the_others():
    balancer, nodes = made(2)
    for _ in range(6):
        balancer.pick().started()
    new = HeapNode(Node())
    balancer.update([*nodes, new])
    for _ in range(3):
        node = balancer.pick()
        assert node is new
        node.started()
    assert {node.pending for node in [*nodes, new]} == {3}


def test_a_removed_node_ends_its_requests_unnoticed():
    balancer, nodes = made(3)
    for node in nodes:
        node.started()
    balancer.update(nodes[1:])
    nodes[0].ended(0.0)
    assert nodes[0].pending == 0
    assert {balancer.pick() for _ in range(5)} <= set(nodes[1:])


def test_a_node_whose_weight_changes_takes_its_load_along():
    endpoints = [Node(weight=1.0), Node(weight=1.0), Node(weight=2.0)]
    nodes = [HeapNode(endpoint) for endpoint in endpoints]
    algorithm = heap()
    random = Random(1)
    classes = WeightClasses(lambda: algorithm.make(random, print), random, lambda event: None)
    classes.update(nodes)
    nodes[0].started()
    for weight in (2.0, 1.0, 3.0):
        endpoints[0].weight = weight
        classes.update(nodes)
        assert sum(len(row) for each in classes.balancers for row in each.rows) == 3
        assert nodes[0] in nodes[0].heap.rows[1]
    nodes[0].ended(0.0)
    assert nodes[0] in nodes[0].heap.rows[0]


def test_a_past_peak_leaves_no_rows():
    balancer, nodes = made(2)
    for _ in range(100):
        nodes[0].started()
    for _ in range(100):
        nodes[0].ended(0.0)
    assert len(balancer.rows) == 1


@given(
    st.integers(1, 6),
    st.lists(st.tuples(st.sampled_from("pppeebor"), st.integers(0, 5)), max_size=80),
    st.integers(0, 9),
)
def test_it_always_picks_a_least_loaded_node_among_those_of_the_best_status(count, steps, seed):
    balancer, nodes = made(count, seed)
    under_way, present = [], list(nodes)
    for what, number in steps:
        node = nodes[number % count]
        match what:
            case "p" if present:
                picked = balancer.pick()
                best = min((n.status, n.pending) for n in present)
                assert (picked.status, picked.pending) == best
                picked.started()
                under_way.append(picked)
            case "e" if under_way:
                under_way.pop(number % len(under_way)).ended(0.0)
            case "b" | "o":
                node.endpoint.status = OPEN if what == "o" else BUSY
            case "r":
                present = [n for n in present if n is not node] if node in present else nodes[:]
                balancer.update(present)
    for node in under_way:
        node.ended(0.0)
    assert [node.pending for node in nodes] == [0] * count
    assert (balancer.pick() is None) == (not present)
