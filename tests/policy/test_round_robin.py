"""Round robin: whose turn it is."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.policy.balance import BUSY, CLOSED, OPEN
from linkerpy.policy.round_robin import RoundRobin
from tests.policy.nodes import Node, events


def named(names):
    return [Node(name=name) for name in names]


def round_robin(nodes, count=lambda event: None, seed=1, max_effort=5):
    balancer = RoundRobin(Random(seed), max_effort, count)
    balancer.update(nodes)
    return balancer


def starting_at(first, nodes, count=lambda event: None, max_effort=5):
    """A balancer that will pick the node `first` next."""
    balancer = round_robin(nodes, count, max_effort=max_effort)
    while balancer.pick().name != nodes[first - 1].name:
        pass
    return balancer


def picks(balancer, count):
    return "".join(balancer.pick().name for _ in range(count))


def test_no_node_gives_none_and_one_node_gives_itself():
    assert round_robin([]).pick() is None
    assert picks(round_robin(named("a")), 3) == "aaa"


def test_all_take_turns():
    assert picks(starting_at(0, named("abc")), 7) == "abcabca"


def test_clients_begin_at_different_nodes():
    nodes = named("abcd")
    first = Counter(round_robin(nodes, seed=seed).pick().name for seed in range(2000))
    assert [first[name] / 2000 for name in "abcd"] == pytest.approx([0.25] * 4, abs=0.04)


def test_a_node_that_stops_being_open_is_skipped_at_its_turn():
    nodes = named("abcd")
    balancer = starting_at(0, nodes)
    nodes[1].status = BUSY
    assert picks(balancer, 6) == "acdacd"


def test_it_takes_its_turns_again_once_it_is_open():
    nodes = named("abc")
    balancer = starting_at(0, nodes)
    nodes[1].status = BUSY
    balancer.update(nodes)
    assert picks(balancer, 4) == "acac"
    nodes[1].status = OPEN
    assert picks(balancer, 6) == "abcabc"


@pytest.mark.parametrize("status", [BUSY, CLOSED])
def test_all_take_turns_when_none_is_open(status):
    nodes = named("abc")
    balancer = starting_at(0, nodes)
    for node in nodes:
        node.status = status
    assert Counter(picks(balancer, 30)) == {"a": 10, "b": 10, "c": 10}


def test_only_so_many_nodes_are_skipped_then_all_are_looked_at():
    count, counted = events()
    nodes = named("abcdefgh")
    balancer = starting_at(0, nodes, count, max_effort=3)
    for node in nodes[:6]:
        node.status = BUSY
    assert picks(balancer, 1) == "g"  # not d, which would be next
    assert counted == {"max_effort_exhausted": 1, "rebuilds": 1}
    assert picks(balancer, 4) == "hghg"
    assert counted["max_effort_exhausted"] == 1


def test_the_turn_survives_a_change_of_the_nodes():
    a, b, c, d = named("abcd")
    balancer = starting_at(1, [a, b, c])
    balancer.update([a, b, c, d])
    assert picks(balancer, 4) == "bcda"
    balancer.update([a, c, d])
    assert picks(balancer, 3) == "cda"
    balancer.update([d, a])
    assert picks(balancer, 3) == "dad"


@given(
    st.lists(st.sampled_from([OPEN, BUSY]), min_size=1, max_size=8),
    st.integers(1, 10),
    st.integers(0, 99),
)
def test_open_nodes_get_the_same_number_of_turns_and_busy_ones_none(statuses, rounds, seed):
    nodes = [Node(status=status) for status in statuses]
    balancer = round_robin(nodes, seed=seed)
    takers = [node for node in nodes if node.status == OPEN] or nodes
    picked = Counter(balancer.pick() for _ in range(rounds * len(takers)))
    assert picked == dict.fromkeys(takers, rounds)


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from("obra")), max_size=40))
def test_whatever_happens_an_open_node_is_picked_if_there_is_one(steps):
    nodes = {}
    balancer = round_robin([], max_effort=2)
    for name, what in steps:
        if what == "a":
            nodes.setdefault(name, Node(name=str(name)))
        elif what == "r":
            nodes.pop(name, None)
        elif name in nodes:
            nodes[name].status = OPEN if what == "o" else BUSY
        if what in "ar":
            balancer.update(list(nodes.values()))
        picked = balancer.pick()
        assert picked in nodes.values() if nodes else picked is None
        if any(node.status == OPEN for node in nodes.values()):
            assert picked.status == OPEN
