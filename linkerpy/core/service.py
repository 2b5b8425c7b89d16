"""Service and Filter: what a stack is made of.

A service takes a request and, later, returns a response or raises. A filter stands before a service
and may look at, change, delay, repeat or refuse what passes. `compose` writes a stack in the order
a request meets it, so that the page reads in the direction of the traffic.
"""

from collections.abc import Callable, Coroutine
from types import MethodType
from typing import Any, TypeVar

Req = TypeVar("Req")
Rep = TypeVar("Rep")

Service = Callable[[Req], Coroutine[Any, Any, Rep]]
"""`await service(request)` gives the response."""

Filter = Callable[..., Coroutine[Any, Any, Rep]]
"""`await filter(service, request)`; a filter that refuses does not call the service.

The service comes first because `compose` binds it as a method is bound to its object.
"""


def compose(*layers: Any) -> Service[Any, Any]:
    """Stack filters above a service: `compose(first, second, …, service)`.

    The first listed sees the request first and the response last. A layer that is None (a filter
    its factory found nothing to do for) is dropped, so that it costs nothing per request. Layers
    are joined as bound methods, which the interpreter calls without a frame of its own; a `partial`
    with a keyword copies a dict for every call.
    """
    *filters, service = layers
    for layer in reversed(filters):
        if layer is not None:
            service = MethodType(layer, service)
    bottom: Service[Any, Any] = service
    return bottom
