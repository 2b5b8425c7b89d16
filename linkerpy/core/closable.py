"""Handles that are closed once.

Every observation, watch, timer and server of linkerpy is given back by closing the handle its
creation returned. Closing twice is allowed and does nothing.
"""

from collections.abc import Callable
from typing import Protocol, runtime_checkable


@runtime_checkable
class Closable(Protocol):
    """Something that holds on to a resource until it is closed."""

    def close(self) -> None:
        """Let go of the resource; later calls do nothing."""


class OnClose:
    """A closable that calls one function, at most once."""

    __slots__ = ("_action",)

    def __init__(self, action: Callable[[], None]) -> None:
        self._action: Callable[[], None] | None = action

    def close(self) -> None:
        """Run the action unless it has run already."""
        action, self._action = self._action, None
        if action is not None:
            action()


class Closed:
    """A closable that holds nothing."""

    __slots__ = ()

    def close(self) -> None:
        """Do nothing."""


NOTHING = Closed()


class Group:
    """Closables that are closed together, the last added first."""

    __slots__ = ("_members", "closed")

    def __init__(self, *members: Closable) -> None:
        self._members: list[Closable] = list(members)
        self.closed = False

    def add(self, member: Closable) -> None:
        """Close `member` with the group, or at once if the group is closed already."""
        if self.closed:
            member.close()
        else:
            self._members.append(member)

    def close(self) -> None:
        """Close every member; one that raises does not keep the others open."""
        self.closed = True
        failure: Exception | None = None
        while self._members:
            try:
                self._members.pop().close()
            except Exception as error:  # noqa: BLE001 - every member must get its turn
                failure = failure or error
        if failure is not None:
            raise failure
