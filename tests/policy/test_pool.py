"""Which connection is lent."""

from math import inf

import pytest

from linkerpy.policy.pool import Advice, Pool, PoolLimits


def pool_of(count, **limits):
    pool = Pool(PoolLimits(**limits))
    for name in "abcdefgh"[:count]:
        pool.size += 1
        pool.give_back(name, now=0.0)
    return pool


def test_an_empty_pool_asks_for_a_connection():
    assert pool_of(0).lend() is Advice.CONNECT


def test_the_most_recently_used_connection_is_lent_first():
    assert pool_of(3).lend() == "c"


def test_a_full_pool_makes_its_user_wait_and_then_refuses():
    pool = pool_of(1, max_size=1, max_waiters=1)
    assert pool.lend() == "a"
    assert pool.lend() is Advice.WAIT
    pool.waiters.append("first")
    assert pool.lend() is Advice.REFUSE


def test_a_connection_given_back_goes_to_the_first_waiter():
    pool = pool_of(1, max_size=1)
    pool.lend()
    pool.waiters.extend(["first", "second"])
    assert pool.give_back("a", now=1.0) == "first"
    assert pool.idle == 0


def test_a_lost_idle_connection_is_forgotten():
    pool = pool_of(2)
    pool.lost("a")
    assert (pool.size, pool.idle) == (1, 1)
    assert pool.lend() == "b"


def test_a_lost_lent_connection_makes_room():
    pool = pool_of(1, max_size=1)
    pool.lend()
    pool.lost("a")
    assert pool.lend() is Advice.CONNECT


def test_idle_connections_above_the_minimum_expire_oldest_first():
    pool = Pool(PoolLimits(min_size=1, idle_time=10))
    for now, name in enumerate("abc"):
        pool.size += 1
        pool.give_back(name, now=float(now))
    assert pool.expired(9.0) == []
    expired = pool.expired(11.0)
    assert expired == ["a", "b"]
    for connection in expired:
        pool.lost(connection)
    assert pool.expired(100.0) == []
    assert pool.idle == 1


def test_unused_connections_are_those_idle_long_enough_surplus_or_not_and_stay():
    pool = Pool(PoolLimits(min_size=3))
    for now, name in enumerate("abc"):
        pool.size += 1
        pool.give_back(name, now=float(now))
    assert pool.unused(-0.1) == []
    assert pool.unused(1.0) == ["a", "b"]
    assert pool.idle == 3


@pytest.mark.parametrize(
    ("min_size", "longest", "at"),
    [(0, inf, 10.0), (0, 4.0, 4.0), (0, 20.0, 10.0), (2, 20.0, 20.0), (2, inf, inf)],
)
def test_the_next_to_expire_is_the_oldest_by_the_limit_that_applies_first(min_size, longest, at):
    pool = Pool(PoolLimits(min_size=min_size, idle_time=10))
    for now, name in enumerate("ab"):
        pool.size += 1
        pool.give_back(name, now=float(now))
    assert pool.next_expiry(longest) == at


def test_repr_is_its_state():
    assert repr(pool_of(2)) == "<Pool 2 open, 2 idle, 0 waiting>"
