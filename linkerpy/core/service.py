"""Service and Filter: what a stack is made of.

A service takes a request and, later, returns a response or raises. A filter stands before a service
and may look at, change, delay, repeat or refuse what passes. `compose` writes a stack in the order
a request meets it, so that the page reads in the direction of the traffic.
"""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

Req = TypeVar("Req")
Rep = TypeVar("Rep")

Service = Callable[[Req], Coroutine[Any, Any, Rep]]
"""`await service(request)` gives the response."""

Filter = Callable[[Req, Service[Req, Rep]], Awaitable[Rep]]
"""`await filter(request, service)`; a filter that refuses does not call the service."""


def compose(*layers: Any) -> Service[Any, Any]:
    """Stack filters above a service: `compose(first, second, …, service)`.

    The first listed sees the request first and the response last. A layer that is None (a filter
    its factory found nothing to do for) is dropped, so that it costs nothing per request.
    """
    *filters, service = layers
    for layer in reversed(filters):
        if layer is not None:
            service = _stacked(layer, service)
    bottom: Service[Any, Any] = service
    return bottom


def _stacked(layer: Filter[Any, Any], below: Service[Any, Any]) -> Service[Any, Any]:
    def above(request: Any) -> Any:
        return layer(request, below)

    return above
