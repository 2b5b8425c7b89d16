"""Failure counters: what an error is called in the metrics tree.

Dashboards and alerts of linkerd users name JVM classes, so the errors we know keep those names.

Source: telemetry-admin spec, section 2.11.
"""

from linkerpy.core import errors
from linkerpy.telemetry.metrics import Metrics

_FINAGLE = "com.twitter.finagle."
FAILED_RESPONSE = f"{_FINAGLE}service.ResponseClassificationSyntheticException"

_CONNECT_CAUSE = "io.netty.channel.AbstractChannel$AnnotatedConnectException"

_NAMES: dict[type[BaseException], tuple[tuple[str, ...], str]] = {
    errors.ConnectionFailed: ((f"{_FINAGLE}ConnectionFailedException", _CONNECT_CAUSE), ""),
    errors.NoHosts: ((f"{_FINAGLE}NoBrokersAvailableException",), ""),
    errors.UnknownDestination: (("io.buoyant.router.RoutingFactory$UnknownDst",), ""),
    errors.BindingTimeout: (
        (
            f"{_FINAGLE}RequestTimeoutException",
            f"{_FINAGLE}naming.buoyant.DynBoundTimeoutException",
        ),
        "",
    ),
    errors.RequestTimeout: ((f"{_FINAGLE}GlobalRequestTimeoutException",), ""),
    errors.AttemptTimeout: ((f"{_FINAGLE}IndividualRequestTimeoutException",), ""),
    errors.ServerTimeout: ((f"{_FINAGLE}IndividualRequestTimeoutException",), ""),
    errors.Nacked: ((f"{_FINAGLE}Failure",), "rejected"),
    errors.BackendClosed: ((f"{_FINAGLE}ChannelClosedException",), ""),
    errors.Cancelled: ((f"{_FINAGLE}CancelledRequestException",), "interrupted"),
    errors.Overloaded: ((f"{_FINAGLE}RejectedException",), "rejected"),
    errors.TooManyWaiters: ((f"{_FINAGLE}TooManyWaitersException",), ""),
}

_RICH: dict[
    type[BaseException], tuple[str, ...]
] = {  # above the path stack an error has been explained, and is called otherwise
    errors.ConnectionFailed: (f"{_FINAGLE}naming.buoyant.RichConnectionFailedExceptionWithPath",),
    errors.NoHosts: (f"{_FINAGLE}naming.buoyant.RichNoBrokersAvailableException",),
}


def failure_names(error: BaseException, *, explained: bool) -> tuple[tuple[str, ...], str]:
    """The chain of names below `failures/`, and the flag that stands before it if there is one.

    `explained` is true in the server and service scopes, false in a client's.
    """
    for kind in type(error).__mro__:
        if explained and kind in _RICH:
            return _RICH[kind], ""
        if kind in _NAMES:
            return _NAMES[kind]
    return (f"{type(error).__module__}.{type(error).__qualname__}",), ""


def count_failure(
    metrics: Metrics, error: BaseException | None, *, explained: bool, times: int = 1
) -> None:
    """Count a failure below `failures` of this scope; None is a response that counts as one."""
    chain: tuple[str, ...] = (FAILED_RESPONSE,)
    flag = ""
    if error is not None:
        chain, flag = failure_names(error, explained=explained)
    base = ("failures", flag) if flag else ("failures",)
    metrics.counter("failures").incr(times)
    if flag:
        metrics.counter(*base).incr(times)
    for depth in range(1, len(chain) + 1):
        metrics.counter(*base, *chain[:depth]).incr(times)
