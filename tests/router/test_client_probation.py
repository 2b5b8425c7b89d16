"""Endpoints that discovery dropped stay while they are open, where that is asked for."""

import pytest

from linkerpy.core.errors import NoHosts
from linkerpy.naming.addr import ADDR_NEG
from linkerpy.policy.balance import BUSY, CLOSED, OPEN
from tests.router.endpoints import Balanced, addresses
from tests.router.test_client_balancing import KINDS, algorithm


@pytest.fixture(params=KINDS)
def kept(request):
    """A client that keeps endpoint 2, which discovery dropped."""
    made = Balanced(
        algorithm(request.param, enableProbation=True, **wide(request.param)), addresses(1, 2)
    )
    made.addr.update(addresses(1))
    return made


def wide(kind):
    """Keys with which every endpoint gets requests at any load."""
    return {"minAperture": 9} if kind == "aperture" else {}


@pytest.mark.parametrize("kind", KINDS)
def test_without_probation_an_endpoint_goes_at_once(kind):
    made = Balanced(algorithm(kind), addresses(1, 2))
    made.addr.update(addresses(1))
    assert made.made[2].status == CLOSED
    assert made.asked(10) == {1: 10}


def test_an_open_endpoint_goes_on_like_any_other(kept):
    assert kept.made[2].status == OPEN
    assert set(kept.asked(50)) == {1, 2}
    assert kept.figures()["size"] == 2
    assert "removes" not in kept.counts()


def test_it_goes_once_it_is_not_open(kept):
    kept.made[2].status = BUSY
    assert kept.asked(10) == {1: 10}
    assert kept.made[2].status == CLOSED
    assert kept.figures()["size"] == 1
    assert kept.counts()["removes"] == 1


def test_it_goes_with_the_next_change_if_it_is_not_open(kept):
    kept.made[2].status = BUSY
    kept.addr.update(addresses(1, 3))
    assert kept.made[2].status == CLOSED
    assert kept.client.addresses == ["10.0.0.1:80", "10.0.0.3:80"]


def test_one_that_is_busy_when_it_is_dropped_goes_at_once(kept):
    kept.made[1].status = BUSY
    kept.addr.update(addresses(2))
    assert kept.made[1].status == CLOSED


def test_one_that_discovery_names_again_stays_for_good(kept):
    kept.addr.update(addresses(1, 2))
    kept.made[2].status = BUSY
    kept.asked(10)
    assert kept.made[2].status == BUSY
    assert len(kept.made) == 2


def test_an_empty_set_leaves_all_that_are_open(kept):
    kept.addr.update(addresses())
    assert set(kept.asked(50)) == {1, 2}
    kept.made[1].status = kept.made[2].status = BUSY
    assert [type(error) for error in kept.send()[1]] == [NoHosts]


def test_a_name_that_is_no_more_takes_all_with_it(kept):
    kept.addr.update(ADDR_NEG)
    assert [endpoint.status for endpoint in kept.made.values()] == [CLOSED, CLOSED]


def test_its_requests_under_way_finish(kept):
    kept.send()
    (asked,) = [endpoint for endpoint in kept.made.values() if endpoint.asked]
    kept.addr.update(addresses(3))
    asked.status = BUSY
    kept.asked(1)
    assert asked.load == 0
