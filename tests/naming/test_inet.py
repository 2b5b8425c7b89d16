"""Inet: what is known at once, what is looked up, shared, repeated and kept."""

import pytest

from linkerpy.naming.addr import (
    ADDR_NEG,
    ADDR_PENDING,
    Address,
    AddrFailed,
    bound,
)
from linkerpy.naming.inet import MAX_FIXED, literal
from tests.support.names import make_inet


def observe(var):
    seen = []
    return seen, var.observe(seen.append)


@pytest.mark.parametrize(
    ("host", "ip"),
    [
        ("", "127.0.0.1"),
        ("localhost", "127.0.0.1"),
        ("LocalHost", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("10.0.258", "10.0.1.2"),
        ("8080", "0.0.31.144"),
        ("010.0.0.1", "10.0.0.1"),
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("256.0.0.1", None),
        ("1.2.3.4.5", None),
        ("1.2.3.256", None),
        ("99999999999", None),
        ("4294967296", None),
        ("1..2", None),
        ("\u0661.2", None),
        ("0x7f.1", None),
        ("h", None),
        ("h:80", None),
        ("[::1", None),
    ],
)
def test_literal(host, ip):
    assert literal(host) == ip


def test_a_literal_is_known_at_once_and_never_looked_up():
    inet, resolver, clock = make_inet()
    assert inet.addr("::1", 80).sample() == bound(Address("::1", 80))
    assert inet.fixed("127.1", 80).sample() == bound(Address("127.0.0.1", 80))
    assert resolver.asked == []
    assert clock.getDelayedCalls() == []


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_out_of_range_is_a_failed_address(port):
    addr = make_inet()[0].addr("h", port).sample()
    assert isinstance(addr, AddrFailed)
    assert str(addr.error) == f"port out of range: {port}"


def test_a_host_is_pending_until_its_first_answer():
    inet, resolver, _ = make_inet()
    seen, _ = observe(inet.addr("h", 80))
    resolver.answer("h", ["10.0.0.1", "::2"])
    assert seen == [ADDR_PENDING, bound(Address("10.0.0.1", 80), Address("::2", 80))]


def test_a_host_is_looked_up_every_five_seconds_while_observed():
    inet, resolver, clock = make_inet()
    seen, handle = observe(inet.addr("h", 80))
    clock.advance(2)
    resolver.answer("h", ["10.0.0.1"])
    clock.advance(2.9)
    assert resolver.asked == ["h"]
    clock.advance(0.1)
    assert resolver.asked == ["h", "h"]
    resolver.answer("h", ["10.0.0.2"])
    assert seen[-1] == bound(Address("10.0.0.2", 80))
    handle.close()
    assert clock.getDelayedCalls() == []
    clock.advance(60)
    assert resolver.asked == ["h", "h"]


def test_a_lookup_that_took_long_is_followed_by_the_next_at_once_but_never_overlapped():
    inet, resolver, clock = make_inet()
    observe(inet.addr("h", 80))
    clock.advance(30)
    assert resolver.asked == ["h"]
    resolver.answer("h", ["10.0.0.1"])
    clock.advance(0)
    assert resolver.asked == ["h", "h"]


def test_ports_and_observers_share_the_lookups_of_a_host():
    inet, resolver, _ = make_inet()
    _, first = observe(inet.addr("h", 80))
    resolver.answer("h", ["10.0.0.1"])
    two, second = observe(inet.addr("h", 81))
    assert two == [bound(Address("10.0.0.1", 81))]
    assert resolver.asked == ["h"]
    first.close()
    second.close()
    assert resolver.waiting["h"] == []
    assert inet._hosts == {}


def test_giving_up_while_a_lookup_is_under_way_cancels_it():
    inet, resolver, clock = make_inet()
    _, handle = observe(inet.addr("h", 80))
    late = resolver.waiting["h"][0]
    handle.close()
    assert resolver.waiting["h"] == []
    late(["10.0.0.1"])
    assert clock.getDelayedCalls() == []


def test_an_address_that_nobody_observed_for_a_while_is_looked_up_again():
    inet, resolver, _ = make_inet()
    addr = inet.addr("h", 80)
    observe(addr)[1].close()
    seen, _ = observe(addr)
    assert seen == [ADDR_PENDING]
    assert resolver.asked == ["h", "h"]


def test_a_host_that_does_not_exist_has_no_replica_set_even_after_a_good_answer():
    inet, resolver, clock = make_inet()
    seen, _ = observe(inet.addr("h", 80))
    resolver.answer("h", ["10.0.0.1"])
    clock.advance(5)
    resolver.answer("h", None)
    assert seen[-1] == ADDR_NEG


def test_a_failed_lookup_leaves_the_last_answer_in_place():
    inet, resolver, clock = make_inet()
    seen, _ = observe(inet.addr("h", 80))
    resolver.answer("h", OSError("server failure"))
    assert isinstance(seen[-1], AddrFailed)
    for answer in (["10.0.0.1"], OSError("server failure")):
        clock.advance(5)
        resolver.answer("h", answer)
    assert seen[-1] == bound(Address("10.0.0.1", 80))


def test_a_fixed_host_is_looked_up_until_there_is_an_answer_and_then_never_again():
    inet, resolver, clock = make_inet()
    seen, handle = observe(inet.fixed("h", 80))
    resolver.answer("h", None)
    assert seen[-1] == ADDR_NEG
    clock.advance(5)
    resolver.answer("h", ["10.0.0.1"])
    assert clock.getDelayedCalls() == []
    handle.close()
    assert inet.fixed("h", 81).sample() == bound(Address("10.0.0.1", 81))
    assert resolver.asked == ["h", "h"]


def test_the_oldest_fixed_host_is_given_up_when_there_are_too_many():
    inet, resolver, _ = make_inet()
    for number in range(MAX_FIXED + 1):
        host = f"h{number}"
        _, handle = observe(inet.fixed(host, 80))
        resolver.answer(host, ["10.0.0.1"])
        handle.close()
    assert len(inet._fixed) == MAX_FIXED
    assert "h0" not in inet._fixed
