"""Requeues: requests that no backend can have worked on are put to the balancer again, at once.

Below the retries and without their classifier: it needs no permission to send again what was never
received. A failed connection costs nothing but an attempt; what was lost or refused after that is
paid for from the client's own budget. When backends refuse most of what they get, some requests
are not even sent.

Source: dataplane spec, sections 3.3 and 3.6; telemetry-admin spec, section 2.4.
"""

import math

from linkerpy.codec.http import Request, Response
from linkerpy.core.errors import (
    BindingTimeout,
    ConnectionFailed,
    Nacked,
    NotDelivered,
    RouterError,
    Spared,
)
from linkerpy.core.service import Filter
from linkerpy.policy.budget import Budget, BudgetRule
from linkerpy.policy.overload import Overload
from linkerpy.protocol.http.attempts import Kept, again, discard, keep
from linkerpy.protocol.http.classify import is_nack
from linkerpy.protocol.http.filters import HttpService
from linkerpy.router.client import Client
from linkerpy.router.env import Env
from linkerpy.telemetry.metrics import Metrics

MOST_CONNECTS = 25
"""Failed connections of one request that are tried again."""

_SHARE = 0.2
"""Of the budget's balance, what one request may take out of it."""


class RequeueFigures:
    """`retries/*` of one client, and its budget."""

    def __init__(self, rule: BudgetRule, metrics: Metrics, env: Env) -> None:
        self._rule = rule
        self._seconds = env.clock.seconds
        self.budget = Budget(rule, self._seconds)
        self.untroubled = 0
        """Requests without a requeue that `requeues_per_request` does not know of yet."""
        self.requeues = metrics.counter("requeues")
        self.per_request = metrics.stat("requeues_per_request")
        self.exhausted = metrics.counter("budget_exhausted")
        self.limited = metrics.counter("request_limit")
        self.impossible = metrics.counter("cannot_retry")
        self.not_open = metrics.counter("not_open")
        metrics.gauge("budget", read=lambda: self.budget.balance)

    def obey(self, rule: BudgetRule) -> None:
        """Begin a new budget if the rule is another: a reload has changed it."""
        if rule != self._rule:
            self._rule = rule
            self.budget = Budget(rule, self._seconds)

    def settle(self) -> None:
        """Bring the metrics up to date."""
        if self.untroubled:
            times, self.untroubled = self.untroubled, 0
            self.per_request.add(0, times)


def requeues(rule: BudgetRule, client: Client, metrics: Metrics, env: Env) -> Filter[Response]:
    """Send again what was not received. `metrics` is the scope of the client."""
    scope = metrics.scope("retries")
    figures = scope.recorder(lambda own: RequeueFigures(rule, own, env))
    figures.obey(rule)
    return _Requeues(figures, client, metrics, env).requeued


class _Requeues:
    def __init__(self, figures: RequeueFigures, client: Client, metrics: Metrics, env: Env) -> None:
        self._figures = figures
        self._client = client
        self._deposit = figures.budget.deposit
        self._overload = overload = Overload(env.clock.seconds, env.random)
        scope = metrics.scope("nack_admission_control")
        self._spared = scope.counter("dropped_requests")
        scope.gauge("ema_value", read=lambda: overload.share)

    async def requeued(self, service: HttpService, request: Request) -> Response:
        kept = keep(request)
        error: RouterError | None = None
        if self._overload.troubled:
            self._spare()
        try:
            response = await service(request)
        except RouterError as failure:
            error = failure
        else:
            if response.status != 503 or not is_nack(response):
                self._deposit()
                self._figures.untroubled += 1
                if self._overload.troubled:
                    self._overload.accepted()
                return response
            error = self._refused(request, response)
        failed, error = [error], None  # it knows this frame
        return await self._again(request, kept, service, failed)

    async def _again(
        self, request: Request, kept: Kept, service: HttpService, failed: list[RouterError]
    ) -> Response:
        """Go on from the first failure, which is taken out of the list."""
        error = failed.pop()
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
                    if self._overload.troubled:
                        self._spare()
                    response = await service(again(request, kept))
                except BindingTimeout:  # no time is left; what went wrong until now says more
                    request.ctx.endpoint = failed_at
                    raise error from None
                except RouterError as failure:
                    error = failure
                    continue
                if response.status != 503 or not is_nack(response):
                    self._deposit()
                    if self._overload.troubled:
                        self._overload.accepted()
                    return response
                error = self._refused(request, response)
        finally:
            figures.per_request.add(connects + paid)
            del error  # it knows this frame

    def _affords(self, request: Request, left: int) -> bool:
        """Whether one more may be sent, of which the request may have `left`. Pays for it, too."""
        figures = self._figures
        if not request.body.complete:
            figures.impossible.value += 1
        elif not self._client.open:
            figures.not_open.value += 1
        elif left <= 0:
            figures.limited.value += 1
        elif not figures.budget.withdraw():
            figures.exhausted.value += 1
        else:
            return True
        return False

    def _spare(self) -> None:
        """Raises: Spared, as often as the backends' refusals ask for."""
        if self._overload.drops():
            self._spared.value += 1
            raise Spared

    def _refused(self, request: Request, response: Response) -> Nacked:
        """What a response that says so means; it goes no further."""
        self._overload.nacked()
        discard(response)
        endpoint = request.ctx.endpoint
        who = "The backend" if endpoint is None else f"The backend {endpoint.show()}"
        return Nacked(f"{who} refused the request before it did any work for it")
