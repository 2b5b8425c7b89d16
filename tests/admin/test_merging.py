"""What two workers tell, as one. See test_workers for the pages."""

import pytest

from linkerpy.admin import merging


def name(path="/svc/a", state="bound", **more):
    return {
        "router": "web",
        "path": path,
        "local": "",
        "state": state,
        "tree": "/#/a",
        "leaves": [leaf()],
        "followed": 9.0,
        "changed": 9.0,
        "changes": 1,
        "failed": None,
        "failures": 0,
        "error": "",
        "used": 5.0,
    } | more


def leaf(state="bound", addresses=("10.0.0.1:80",), **more):
    addresses = list(addresses)
    told = {"id": "/#/a", "residual": "/", "state": state, "addresses": addresses}
    return told | {"updated": 9.0, "trouble": ""} | more


def merged(*names):
    parts = {number: {"namers": ["/#/x"], "names": [one]} for number, one in enumerate(names, 1)}
    told = merging.names(parts, None)
    assert told["namers"] == ["/#/x"]
    return told["names"]


def test_a_name_that_two_workers_follow_is_told_once():
    one, other = name(), name(followed=30.0, changed=20.0, changes=4, used=0.5)
    assert merged(one, other) == [name(followed=30.0, changes=4, used=0.5)]
    assert [each["path"] for each in merged(one, name("/svc/b"))] == ["/svc/a", "/svc/b"]


@pytest.mark.parametrize("order", [1, -1])
def test_a_name_is_shown_as_it_is_where_it_does_worst(order):
    stale = name(state="stale", failures=2, failed=1.0, error="consul is down")
    (told,) = merged(*[name(), stale][::order])
    assert (told["state"], told["failures"], told["failed"]) == ("stale", 2, 1.0)
    assert told["error"] == "consul is down"


@pytest.mark.parametrize("order", [1, -1])
def test_a_leaf_has_the_addresses_that_either_knows(order):
    unused = leaf("unused", (), updated=None)
    (told,) = merged(*[name(), name(leaves=[unused])][::order])
    assert told["leaves"] == [leaf()]
    both = [name(), name(leaves=[leaf(addresses=["10.0.0.2:80"], trouble="late")])]
    (told,) = merged(*both[::order])
    (one,) = told["leaves"]
    assert (sorted(one["addresses"]), one["trouble"]) == (["10.0.0.1:80", "10.0.0.2:80"], "late")


def endpoint(state, load=1, address="10.0.0.1:80"):
    return {"address": address, "weight": 1.0, "load": load, "state": state}


def client(*endpoints, state="bound", trouble=""):
    return {"state": state, "trouble": trouble, "endpoints": list(endpoints)}


def test_an_endpoint_that_one_worker_gave_up_is_told_so_with_the_load_of_all():
    told = merging.client([client(endpoint("live", 2)), client(endpoint("busted", 1))])
    assert told == client(endpoint("busted", 3))


def test_a_client_is_bound_if_it_is_anywhere():
    waits = client(state="Pending", trouble="slow")
    expected = client(endpoint("live"), trouble="slow")
    assert merging.client([waits, client(endpoint("live"))]) == expected
    assert merging.client([client(endpoint("live")), waits]) == expected
    assert merging.client([]) == client(state="closed")
