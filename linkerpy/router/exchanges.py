"""Exchanges: the request figures of one scope (a server, a service, a client).

What came of a request is one number, its status, its verdict and its time; a request only counts
how often that number came. The metrics that follow from it are brought up to date when somebody
looks, so that a dozen figures in each of four scopes cost a request four dict operations.

Source: telemetry-admin spec, sections 2.2 to 2.5.
"""

from linkerpy.core.errors import Cancelled
from linkerpy.router.failures import count_failure
from linkerpy.telemetry.metrics import Metrics

_TIME_BITS = 32
_LONGEST = 2**_TIME_BITS - 1


class Exchanges:
    """`requests`, `success`, `failures`, `pending` and `request_latency_ms`; by status, if wanted:
    `status/<code>`, `status/<n>XX`, `status/error`, and the times of each class.

    `explained` chooses the name an error is counted under: above the path stack an error carries
    its explanation, and linkerd calls it otherwise. Get one by `exchanges`: a scope has only one.
    """  # noqa: D205 - the figures are one sentence

    def __init__(self, metrics: Metrics, *, explained: bool, by_status: bool) -> None:
        self._metrics = metrics
        self._explained = explained
        self._by_status = by_status
        self._counts: dict[int, int] = {}
        self._requests, self._success = metrics.counter("requests"), metrics.counter("success")
        self._latency = metrics.stat("request_latency_ms")
        self.pending = 0
        metrics.counter("failures")
        metrics.gauge("pending", read=lambda: self.pending)

    def response(self, status: int, success: bool, milliseconds: float) -> None:
        """Count a response. `success` is the verdict; the status alone does not tell."""
        took = int(milliseconds)
        if not 0 <= took <= _LONGEST:
            took = 0 if took < 0 else _LONGEST
        key = (status << 1 | success) << _TIME_BITS | took
        counts = self._counts
        counts[key] = counts.get(key, 0) + 1

    def settle(self) -> None:
        """Bring the metrics up to date."""
        counts, self._counts = self._counts, {}
        for key, times in counts.items():
            status, success = divmod(key >> _TIME_BITS, 2)
            took = key & _LONGEST
            self._requests.value += times
            self._latency.add(took, times)
            if success:
                self._success.value += times
            else:
                count_failure(self._metrics, None, explained=self._explained, times=times)
            if self._by_status:
                self._status((str(status), f"{min(max(status // 100, 1), 5)}XX"), took, times)

    def _status(self, names: tuple[str, ...], took: float, times: int) -> None:
        for name in names:
            self._metrics.counter("status", name).value += times
        self._metrics.stat("time", names[-1]).add(took, times)

    def error(self, error: BaseException, milliseconds: float, status: int | None = None) -> None:
        """Count an error in place of a response, and the `status` of the response made of it.

        A caller that left wanted no response: that counts under no status.
        """
        self._requests.value += 1
        self._latency.add(milliseconds)
        count_failure(self._metrics, error, explained=self._explained)
        if self._by_status and not isinstance(error, Cancelled):
            names = ("error",) if status is None else (str(status), f"{status // 100}XX")
            self._status(names, milliseconds, 1)


def exchanges(metrics: Metrics, *, explained: bool, by_status: bool = False) -> Exchanges:
    """The figures of a scope, made if there are none yet."""

    def make(scope: Metrics) -> Exchanges:
        return Exchanges(scope, explained=explained, by_status=by_status)

    return metrics.recorder(make)
