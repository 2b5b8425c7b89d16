"""Service and Filter: what a stack is made of.

A service takes a request and, later, returns a response or raises. A filter stands before a service
and may look at, change, delay, repeat or refuse what passes. `compose` writes a stack in the order
a request meets it, so that the page reads in the direction of the traffic.
"""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

Req = TypeVar("Req")
Rep = TypeVar("Rep")

Service = Callable[[Req], Coroutine[Any, Any, Rep]]
"""`await service(request)` gives the response."""

Filter = Callable[..., Coroutine[Any, Any, Rep]]
"""`await filter(request, service)`; a filter that refuses does not call the service.

Its second parameter must be called `service`: `compose` binds it by name.
"""


def compose(*layers: Any) -> Service[Any, Any]:
    """Stack filters above a service: `compose(first, second, …, service)`.

    The first listed sees the request first and the response last. A layer that is None (a filter
    its factory found nothing to do for) is dropped, so that it costs nothing per request. Layers
    are joined by `partial`, which a request passes without a Python frame.
    """
    *filters, service = layers
    for layer in reversed(filters):
        if layer is not None:
            service = partial(layer, service=service)
    bottom: Service[Any, Any] = service
    return bottom
