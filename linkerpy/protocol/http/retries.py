"""Retries: attempts that a service's classifier calls retryable are made again, within a budget.

Every attempt is bound anew and so may reach another client.

Source: dataplane spec, section 3.2; telemetry-admin spec, section 2.3.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import repeat

from linkerpy.codec.http import Request, Response
from linkerpy.core.clock import Clock
from linkerpy.core.errors import AttemptTimeout, Cancelled, RequestTimeout, RouterError
from linkerpy.core.reply import Reply
from linkerpy.core.service import Filter
from linkerpy.policy.backoff import Waits
from linkerpy.policy.budget import Budget, BudgetRule
from linkerpy.policy.verdict import RETRYABLE, Classify
from linkerpy.protocol.http.attempts import Kept, again, discard, keep
from linkerpy.protocol.http.classify import DEFAULT
from linkerpy.protocol.http.filters import HttpService
from linkerpy.telemetry.metrics import Metrics

MOST_RETRIES = 100
"""Of one request, however large the budget: what the default budget allows a lone request."""


def at_once() -> Iterator[float]:
    """No wait before any retry."""
    return repeat(0.0)


@dataclass(frozen=True, slots=True)
class RetrySettings:
    """How the requests of one service are tried again; `backoff` makes the waits, in seconds."""

    budget: BudgetRule = field(default_factory=BudgetRule)
    backoff: Waits = at_once


class RetryFigures:
    """`retries/*` of one service, and its budget, which all stacks of its name share."""

    def __init__(self, rule: BudgetRule, metrics: Metrics, clock: Clock) -> None:
        self._rule = rule
        self._seconds = clock.seconds
        self.budget = Budget(rule, self._seconds)
        self.untroubled = 0
        """Requests without a retry that `per_request` does not know of yet."""
        self.total = metrics.counter("total")
        self.exhausted = metrics.counter("budget_exhausted")
        self.per_request = metrics.stat("per_request")
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


def retries(
    settings: RetrySettings, classify: Classify | None, metrics: Metrics, clock: Clock
) -> Filter[Response]:
    """Make attempts until one passes. `metrics` is the scope of the service.

    `classify` is what was configured, if anything was; the other layers are told of it, too.
    """
    scope = metrics.scope("retries")
    figures = scope.recorder(lambda own: RetryFigures(settings.budget, own, clock))
    figures.obey(settings.budget)
    return _Retries(settings, classify, figures, clock).retried


class _Retries:
    def __init__(
        self,
        settings: RetrySettings,
        classify: Classify | None,
        figures: RetryFigures,
        clock: Clock,
    ) -> None:
        self._backoff = settings.backoff
        self._classify = DEFAULT if classify is None else classify
        self._configured = classify
        self._figures = figures
        self._deposit = figures.budget.deposit
        self._clock = clock

    async def retried(self, service: HttpService, request: Request) -> Response:
        self._deposit()
        request.ctx.classify = self._configured
        kept = keep(request)
        error: RouterError | None = None
        response: Response | None = None
        try:
            response = await service(request)
        except RouterError as failure:
            error = failure
        else:
            if response.status < 500 and (
                self._configured is None or self._configured(request, response, None) != RETRYABLE
            ):
                self._figures.untroubled += 1
                return response
        try:
            return await self._again(request, kept, service, response, error)
        finally:
            error = None  # it knows this frame

    async def _again(
        self,
        request: Request,
        kept: Kept,
        service: HttpService,
        response: Response | None,
        error: RouterError | None,
    ) -> Response:
        """Go on from the first outcome: a response or an error."""
        retried = 0
        waits = self._backoff()
        try:
            while self._affords(request, response, error, retried):
                if response is not None:
                    discard(response)
                await self._pause(next(waits))
                retried += 1
                self._figures.total.value += 1
                response = error = None
                try:
                    response = await service(again(request, kept))
                except RouterError as failure:
                    error = failure
            self._figures.per_request.add(retried)
            if response is None:
                assert error is not None
                raise error
            return response
        finally:
            error = None

    def _affords(
        self,
        request: Request,
        response: Response | None,
        error: RouterError | None,
        retried: int,
    ) -> bool:
        """Whether to try again. Takes it out of the budget, too."""
        if _given_up(error) or retried == MOST_RETRIES or not request.body.complete:
            return False
        if self._classify(request, response, error) != RETRYABLE:
            return False
        if not self._figures.budget.withdraw():
            self._figures.exhausted.value += 1
            return False
        return True

    async def _pause(self, seconds: float) -> None:
        if seconds <= 0:
            return
        over: Reply[None] = Reply()
        # Not by the wheel: jittered waits are all different, and it keeps a queue for each.
        call = self._clock.callLater(seconds, over.resolve, None)
        try:
            await over
        finally:
            if call.active():
                call.cancel()


def _given_up(error: RouterError | None) -> bool:
    """Whether nobody waits for another attempt."""
    if isinstance(error, RequestTimeout):
        return not isinstance(error, AttemptTimeout)
    return isinstance(error, Cancelled)
