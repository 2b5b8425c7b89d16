"""The mark that lets `linkerpy.net.reactor` call a selectable without a logging context."""

from collections.abc import Callable
from typing import Any


class Direct:
    """A selectable that the direct reactor may call straight.

    Its `doRead` and `doWrite` find out by themselves what a hang-up or error means, return None
    or the exception that ends the connection, and bear being called once too often.
    """

    __slots__ = ()

    doRead: Callable[..., Any]
    doWrite: Callable[..., Any]
