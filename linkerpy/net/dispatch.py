"""What `linkerpy.net.reactor` and the transports agree on: direct calls, and rounds of events."""

# mypy: disallow-untyped-calls=False
from collections.abc import Callable
from typing import Any

from twisted.python import log


class Direct:
    """A selectable that the direct reactor may call straight.

    Its `doRead` and `doWrite` find out by themselves what a hang-up or error means, return None
    or the exception that ends the connection, and bear being called once too often.

    `doRead` is `receive`, which asks the system, and `deliver`, which tells the protocol. Where
    several are ready, the reactor first receives for all: a system call costs the code behind it
    much of what the processor knew about it, so they are better made in a row. What was received
    for one that meanwhile has stopped reading goes to `hold`; its next `receive` gives it back.
    """

    __slots__ = ()

    connected: Any
    doRead: Callable[..., Any]
    doWrite: Callable[..., Any]
    receive: Callable[[], Any]
    """Bytes, or the exception that ends the connection, or None for neither."""
    deliver: Callable[[Any], Any]
    hold: Callable[[Any], None]


class Round:
    """One round of events, at whose end what small writes left in it is sent.

    A send that wakes a sleeping peer costs more than the send itself. Done one behind the other,
    the sends of a round find most peers awake.
    """

    __slots__ = ("open", "waiting")

    def __init__(self) -> None:
        self.open = False
        self.waiting: list[Any] = []

    def close(self) -> None:
        """Send what was left."""
        self.open = False
        while self.waiting:
            waiting, self.waiting = self.waiting, []
            for transport in waiting:
                try:
                    transport.flush()
                except Exception:  # noqa: BLE001 - of a producer that was paused
                    log.callWithLogger(transport, log.err)
                    transport.abortConnection()


NO_ROUND = Round()
"""The round of reactors that have none; it is never open."""
