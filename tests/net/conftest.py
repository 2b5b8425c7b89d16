"""A private reactor per test; nothing is installed."""

import pytest

from tests.net import reactors
from tests.net.wire import Loop


@pytest.fixture
def make_loop():
    """Makes a Loop of a reactor class; its connections end with the test."""
    loops = []

    def make(kind):
        loops.append(Loop(kind()))
        return loops[-1]

    yield make
    for loop in loops:
        loop.close()


@pytest.fixture
def loop(make_loop):
    """Ours, all of it."""
    return make_loop(reactors.DirectWithOurs)


@pytest.fixture(
    params=[
        reactors.DirectWithOurs,
        reactors.DirectWithStock,
        reactors.EPollWithOurs,
        reactors.SelectWithOurs,
        reactors.AsyncioWithOurs,
        reactors.EPollWithStock,
    ],
    ids=lambda kind: kind.__name__,
)
def any_loop(request, make_loop):
    """Each of the reactors with each of the transports, Twisted's own as the measure."""
    return make_loop(request.param)
