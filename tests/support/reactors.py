"""The end of a reactor that a test has made: everything it had open is closed."""

from collections.abc import Sequence
from typing import Any

from twisted.internet import asyncioreactor, epollreactor
from twisted.internet.error import ConnectionAborted
from twisted.python.failure import Failure


def end_reactor(reactor: Any, others: Sequence[Any] = ()) -> None:
    """Close what `reactor` reads and writes, `others`, and its own descriptors; forget its timers.

    The latest of the others is closed first: it may stand in the place of one before.
    """
    for selectable in [*reversed(others), *reactor.removeAll()]:
        if getattr(selectable, "connected", True):
            selectable.connectionLost(Failure(ConnectionAborted()))
    for call in reactor.getDelayedCalls():
        call.cancel()
    for internal in list(reactor._internalReaders):  # what wakes it; Twisted never closes it
        reactor.removeReader(internal)
        internal.connectionLost(None)
    if isinstance(reactor, epollreactor.EPollReactor):
        reactor._poller.close()
    if isinstance(reactor, asyncioreactor.AsyncioSelectorReactor):
        reactor._asyncioEventloop.close()
