"""Addresses: text, weight and equality."""

import pytest

from linkerpy.naming.addr import WEIGHT, AddrBound, Address, AddrFailed, bound


@pytest.mark.parametrize(
    ("address", "text"),
    [(Address("10.0.0.1", 80), "10.0.0.1:80"), (Address("::1", 80), "[::1]:80")],
)
def test_text(address, text):
    assert address.show() == text


def test_an_address_weighs_one_unless_its_metadata_says_otherwise():
    assert Address("10.0.0.1", 80).weight == 1.0
    assert Address("10.0.0.1", 80, ((WEIGHT, 0.5),)).weight == 0.5


def test_failures_with_the_same_text_are_equal():
    failed = AddrFailed(ValueError("no"))
    assert failed == AddrFailed(ValueError("no"))
    assert hash(failed) == hash(AddrFailed(ValueError("no")))
    assert failed != AddrFailed(KeyError("no"))
    assert failed != "no"


def test_bound_is_the_set_of_its_addresses():
    one, two = Address("10.0.0.1", 80), Address("10.0.0.2", 80)
    assert bound(one, two) == bound(two, one, one) == AddrBound(frozenset({one, two}))
