"""Backoffs: endless series of waits, in seconds.

Failure accrual and failFast use them between attempts to bring an endpoint back; the ones that a
file may choose are plugins.

Source: dataplane spec, section 3.4.
"""

from collections.abc import Callable, Iterator
from itertools import chain, islice, repeat
from random import Random

Waits = Callable[[], Iterator[float]]
"""Makes a fresh series."""

ACCRUAL_FIRST, ACCRUAL_LONGEST = 5.0, 300.0
FAIL_FAST_FIRST, FAIL_FAST_LONGEST, FAIL_FAST_JITTERED = 1.0, 32.0, 16


def equal_jittered(first: float, longest: float, random: Random) -> Iterator[float]:
    """Wait for `first`; then for a base that doubles from `first`, and up to as much again.

    Never shorter than the wait before. The first that would reach `longest` is `longest`, and so
    are all that follow.
    """
    yield first
    base = first
    while (wait := base + random.uniform(0, base)) < longest:
        yield wait
        base *= 2
    yield from repeat(longest)


def exponential_jittered(first: float, longest: float, random: Random) -> Iterator[float]:
    """Wait for `first`; then for anything up to a bound that doubles from it to `longest`."""
    yield first
    bound = first
    while True:
        bound = min(bound * 2, longest)
        yield random.uniform(0, bound)


def accrual_backoff(random: Random) -> Iterator[float]:
    """How long failure accrual keeps an endpoint out, where the file does not say."""
    return equal_jittered(ACCRUAL_FIRST, ACCRUAL_LONGEST, random)


def fail_fast_backoff(random: Random) -> Iterator[float]:
    """How long failFast waits before each attempt to connect again."""
    jittered = exponential_jittered(FAIL_FAST_FIRST, FAIL_FAST_LONGEST, random)
    return chain(islice(jittered, FAIL_FAST_JITTERED), repeat(FAIL_FAST_LONGEST))
