"""Deep recursions without a deep stack: generators that yield the calls they make.

A step is a generator; `(yield step)` inside it runs another one and gives its result, or raises
what that one raised. Used where outside input decides how deep a recursion goes.
"""

from collections.abc import Generator
from typing import Any, TypeVar

T = TypeVar("T")

Step = Generator["Step[T]", T, T]
"""All steps of one run give results of one type."""


def run_steps(step: Step[T]) -> T:
    """Run `step` and all that it yields."""
    stack: list[Step[T]] = [step]
    result: Any = None
    error: Exception | None = None
    while stack:
        try:
            called = stack[-1].send(result) if error is None else stack[-1].throw(error)
        except StopIteration as stop:
            stack.pop()
            result, error = stop.value, None
        except Exception as raised:  # noqa: BLE001 - the caller below may catch it
            stack.pop()
            error = raised
        else:
            stack.append(called)
            result = error = None
    if error is not None:
        raise error
    final: T = result
    return final
