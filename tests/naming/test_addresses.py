import pytest

from linkerpy.core.activity import PENDING, Activity, Failed, Ok
from linkerpy.core.var import Source
from linkerpy.naming import nametree
from linkerpy.naming.addr import ADDR_NEG, ADDR_PENDING, Address, AddrFailed, bound
from linkerpy.naming.addresses import addresses_of
from linkerpy.naming.bound import Bound
from linkerpy.naming.nametree import NEG, Alt, Leaf, Union, Weighted
from linkerpy.naming.path import Path

ONE, TWO = bound(Address("10.0.0.1", 1)), bound(Address("10.0.0.2", 2))
BOOM = RuntimeError("boom")


def leaf(name, addr):
    return Leaf(Bound(Path.of(name), addr))


def test_they_follow_the_tree_and_each_replica_set():
    tree, addr = Source(PENDING), Source(ADDR_PENDING)
    seen = []
    handle = addresses_of(Activity(tree)).observe(seen.append)
    tree.update(Ok(leaf("a", addr)))
    addr.update(ONE)
    tree.update(Ok(leaf("b", Source(TWO))))
    tree.update(Failed(BOOM))
    tree.update(Ok(NEG))
    handle.close()
    addr.update(TWO)
    assert seen == [ADDR_PENDING, ADDR_PENDING, ONE, TWO, AddrFailed(BOOM), ADDR_NEG]


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        (ONE, TWO, bound(*ONE.addresses, *TWO.addresses)),
        (ONE, AddrFailed(BOOM), ONE),
        (ADDR_PENDING, TWO, TWO),
        (AddrFailed(BOOM), ADDR_PENDING, ADDR_PENDING),
        (AddrFailed(BOOM), ADDR_NEG, AddrFailed(BOOM)),
        (ADDR_NEG, ADDR_NEG, ADDR_NEG),
    ],
)
def test_those_that_are_known_will_do(first, second, found):
    weighted = (
        Weighted(0.0, leaf("a", Source(first))),
        Weighted(1.0, leaf("b", Source(second))),
    )
    assert addresses_of(Activity.value(Union(weighted))).sample() == found


def test_an_alternative_counts_only_when_the_first_is_nothing():
    trees = (leaf("a", Source(ONE)), leaf("b", Source(TWO)))
    assert addresses_of(Activity.value(Alt(trees))).sample() == ONE
    assert addresses_of(Activity.value(Alt((NEG, trees[1])))).sample() == TWO
    assert addresses_of(Activity.value(nametree.EMPTY)).sample() == ADDR_NEG
