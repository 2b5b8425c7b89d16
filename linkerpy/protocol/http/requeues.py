"""Requeues: requests that no backend can have worked on are put to the balancer again, at once.

Below the retries and without their classifier: it needs no permission to send again what was never
received. A failed connection costs nothing but an attempt; what was lost or refused after that is
paid for from the client's own budget.

Source: dataplane spec, section 3.3; telemetry-admin spec, section 2.4.
"""

import math

from linkerpy.codec.http import Request, Response
from linkerpy.core.clock import Clock
from linkerpy.core.errors import (
    BindingTimeout,
    ConnectionFailed,
    Nacked,
    NotDelivered,
    RouterError,
)
from linkerpy.core.service import Filter
from linkerpy.policy.budget import Budget, BudgetRule
from linkerpy.protocol.http.attempts import Kept, again, discard, keep
from linkerpy.protocol.http.classify import is_nack
from linkerpy.protocol.http.filters import HttpService
from linkerpy.telemetry.metrics import Metrics

MOST_CONNECTS = 25
"""Failed connections of one request that are tried again."""

_SHARE = 0.2
"""Of the budget's balance, what one request may take out of it."""


class RequeueFigures:
    """`retries/*` of one client, and its budget."""

    def __init__(self, rule: BudgetRule, metrics: Metrics, clock: Clock) -> None:
        self.budget = Budget(rule, clock.seconds)
        self.untroubled = 0
        """Requests without a requeue that `requeues_per_request` does not know of yet."""
        self.requeues = metrics.counter("requeues")
        self.per_request = metrics.stat("requeues_per_request")
        self.exhausted = metrics.counter("budget_exhausted")
        self.limited = metrics.counter("request_limit")
        self.impossible = metrics.counter("cannot_retry")
        metrics.gauge("budget", read=lambda: self.budget.balance)

    def settle(self) -> None:
        """Bring the metrics up to date."""
        if self.untroubled:
            times, self.untroubled = self.untroubled, 0
            self.per_request.add(0, times)


def requeues(rule: BudgetRule, metrics: Metrics, clock: Clock) -> Filter[Response]:
    """Send again what was not received. `metrics` is the scope of the client."""
    scope = metrics.scope("retries")
    return _Requeues(scope.recorder(lambda: RequeueFigures(rule, scope, clock))).requeued


class _Requeues:
    def __init__(self, figures: RequeueFigures) -> None:
        self._figures = figures
        self._deposit = figures.budget.deposit

    async def requeued(self, service: HttpService, request: Request) -> Response:
        kept = keep(request)
        error: RouterError | None = None
        try:
            response = await service(request)
        except RouterError as failure:
            error = failure
        else:
            if response.status != 503 or not is_nack(response):
                self._deposit()
                self._figures.untroubled += 1
                return response
            error = _refusal(request, response)
        try:
            return await self._again(request, kept, service, error)
        finally:
            error = None  # it knows this frame

    async def _again(
        self, request: Request, kept: Kept, service: HttpService, error: RouterError
    ) -> Response:
        """Go on from the first failure."""
        figures = self._figures
        connects = paid = 0
        limit = math.ceil(_SHARE * figures.budget.balance)
        try:
            while True:
                if isinstance(error, ConnectionFailed) and connects < MOST_CONNECTS:
                    connects += 1
                elif isinstance(error, NotDelivered | Nacked) and self._affords(
                    request, limit - paid
                ):
                    paid += 1
                else:
                    raise error
                figures.requeues.value += 1
                failed_at = request.ctx.endpoint
                try:
                    response = await service(again(request, kept))
                except BindingTimeout:  # no time is left; what went wrong until now says more
                    request.ctx.endpoint = failed_at
                    raise error from None
                except RouterError as failure:
                    error = failure
                    continue
                if response.status != 503 or not is_nack(response):
                    self._deposit()
                    return response
                error = _refusal(request, response)
        finally:
            figures.per_request.add(connects + paid)
            del error  # it knows this frame

    def _affords(self, request: Request, left: int) -> bool:
        """Whether one more may be sent, of which the request may have `left`. Pays for it, too."""
        figures = self._figures
        if not request.body.complete:
            figures.impossible.value += 1
        elif left <= 0:
            figures.limited.value += 1
        elif not figures.budget.withdraw():
            figures.exhausted.value += 1
        else:
            return True
        return False


def _refusal(request: Request, response: Response) -> Nacked:
    """What a response that says so means; it goes no further."""
    discard(response)
    endpoint = request.ctx.endpoint
    who = "The backend" if endpoint is None else f"The backend {endpoint.show()}"
    return Nacked(f"{who} refused the request before it did any work for it")
