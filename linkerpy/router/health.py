"""Health: what takes the endpoints of one client out of service, with its figures and its log line.

Made once for each client; each of its endpoints asks it for a state of its own.

Source: dataplane spec, section 3.4; telemetry-admin spec, section 2.4.
"""

from linkerpy.naming.addr import Address
from linkerpy.net.log import logger
from linkerpy.policy.accrual import Accrual, AccrualRule
from linkerpy.policy.backoff import fail_fast_backoff
from linkerpy.policy.fail_fast import FailFast, Probe
from linkerpy.router.env import Env
from linkerpy.telemetry.metrics import Metrics

_log = logger("linkerpy.client")


class Health:
    """`rule` and `fail_fast` are the client's configuration: None and False are neither.

    `label` is the client's name in the log.
    """

    def __init__(
        self, rule: AccrualRule | None, fail_fast: bool, label: str, metrics: Metrics, env: Env
    ) -> None:
        self._rule = rule
        self._env = env
        self._accruals = None if rule is None else AccrualFigures(label, metrics)
        self._fail_fasts = FailFastFigures(metrics, env) if fail_fast else None

    def accrual(self, address: Address) -> Accrual | None:
        """The failure accrual of a new endpoint."""
        if self._rule is None or self._accruals is None:
            return None
        return Accrual(self._rule, self._env.clock.seconds, _Watched(self._accruals, address))

    def fail_fast(self, probe: Probe) -> FailFast | None:
        """The failFast of a new endpoint; `probe` tries to connect to it."""
        if self._fail_fasts is None:
            return None
        env = self._env
        return FailFast(
            probe,
            lambda: fail_fast_backoff(env.random),
            env.clock.seconds,
            env.timers,
            self._fail_fasts,
        )


class AccrualFigures:
    """`failure_accrual/*`."""

    def __init__(self, label: str, metrics: Metrics) -> None:
        scope = metrics.scope("failure_accrual")
        self.label = label
        self.removals, self.revivals = scope.counter("removals"), scope.counter("revivals")
        self.probes, self.removed_for = scope.counter("probes"), scope.counter("removed_for_ms")


class _Watched:
    """Counts and logs what becomes of one endpoint."""

    __slots__ = ("_address", "_figures")

    def __init__(self, figures: AccrualFigures, address: Address) -> None:
        self._figures = figures
        self._address = address

    def dead(self, seconds: float, *, removed: bool) -> None:
        """See `linkerpy.policy.accrual.Watcher`."""
        figures = self._figures
        figures.removed_for.incr(round(seconds * 1000))
        if removed:
            figures.removals.incr()
            _log.info(
                'FailureAccrualFactory marking connection to "{label}" as dead. '
                "Remote Address: {address}",
                label=figures.label,
                address=_show(self._address),
            )

    def probed(self) -> None:
        """See `linkerpy.policy.accrual.Watcher`."""
        self._figures.probes.incr()

    def revived(self) -> None:
        """See `linkerpy.policy.accrual.Watcher`."""
        self._figures.revivals.incr()


def _show(address: Address) -> str:
    meta = ", ".join(f"{key} -> {value}" for key, value in address.meta)
    return f"Inet(/{address.show()},Map({meta}))"


class FailFastFigures:
    """`failfast/*`; the gauges are sums over the endpoints that are down."""

    def __init__(self, metrics: Metrics, env: Env) -> None:
        scope = metrics.scope("failfast")
        self._dead = scope.counter("marked_dead")
        self._available = scope.counter("marked_available")
        self._down: set[FailFast] = set()
        self._seconds = env.clock.seconds
        scope.gauge("unhealthy_for_ms", read=self._unhealthy_for)
        scope.gauge("unhealthy_num_tries", read=lambda: sum(one.tries for one in self._down))
        scope.gauge("is_marked_dead", read=lambda: len(self._down))

    def _unhealthy_for(self) -> float:
        now = self._seconds()
        return sum(now - one.since for one in self._down) * 1000

    def marked_dead(self, endpoint: FailFast) -> None:
        """See `linkerpy.policy.fail_fast.Watcher`."""
        self._dead.incr()
        self._down.add(endpoint)

    def marked_available(self, endpoint: FailFast) -> None:
        """See `linkerpy.policy.fail_fast.Watcher`."""
        self._available.incr()
        self._down.discard(endpoint)

    def gone(self, endpoint: FailFast) -> None:
        """See `linkerpy.policy.fail_fast.Watcher`."""
        self._down.discard(endpoint)
