"""Telemeter `io.l5d.otlp`, linkerpy's own: traces and metrics to an OpenTelemetry collector.

OTLP over HTTP, in its JSON form: any collector takes that on port 4318.

Source: OTLP 1.x; telemetry-admin spec, section 8 (7).
"""

import json
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, Field

from linkerpy import __version__
from linkerpy.config.fields import Flag, Positive, Secret, Share, Text
from linkerpy.core.closable import Closable, Group
from linkerpy.net.collector import Collector
from linkerpy.net.pushes import Pushes
from linkerpy.net.reports import Reports
from linkerpy.router.env import Env
from linkerpy.router.families import TelemeterConfig
from linkerpy.router.telemeter import Telemeter
from linkerpy.telemetry.otlp import nanoseconds, otlp_spans, resource, resource_spans
from linkerpy.telemetry.otlp_metrics import metric_pieces
from linkerpy.telemetry.span import ServerSpan
from linkerpy.telemetry.tracing import Tracer

_SCOPE = {"name": "linkerpy", "version": __version__}


def _base(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"must be like `http://collector:4318`, not {url!r}")
    return url.rstrip("/")


class OtlpConfig(TelemeterConfig):
    """Sends the traces of a share of requests, and all metrics every `metricsIntervalMs`."""

    KIND: ClassVar[str] = "io.l5d.otlp"

    endpoint: Annotated[Text, AfterValidator(_base)] = "http://localhost:4318"
    """The collector; `/v1/traces` and `/v1/metrics` are put behind it."""
    headers: Annotated[dict[str, Secret], Field(default_factory=dict)]
    """Sent with every report, as for `Authorization`."""
    service_name: Text = "linkerpy"
    """What we are called there: the resource's `service.name`."""
    traces: Flag = True
    """Whether traces are sent."""
    sample_rate: Share = 0.001
    """The share of requests traced of which callers have not said whether to."""
    metrics: Flag = True
    """Whether metrics are sent."""
    metrics_interval_ms: Positive = 60_000
    """Between two reports of all metrics."""

    def build(self, env: Env) -> Telemeter:
        """The exporters; each connects when there is something to send."""
        instance = str(UUID(int=env.random.getrandbits(128), version=4))
        who = resource(self.service_name, __version__, instance)
        reports = self._traces(env, who) if self.traces and env.has_traffic else None
        pushes = self._metrics(env, who) if self.metrics and env.sends_metrics else None

        def run() -> Closable:
            if pushes is not None:
                pushes.start()
            return Group(*(part for part in (reports, pushes) if part is not None))

        def drain(done: Callable[[], None]) -> None:
            last = done if pushes is None else partial(pushes.drain, done)
            if reports is None:
                last()
            else:
                reports.drain(last)

        tracer = None if reports is None else Tracer(reports.add, self.sample_rate, decides=True)
        return Telemeter(tracer=tracer, run=run, drain=drain)

    def _collector(self, env: Env, path: str) -> Collector:
        headers = {**self.headers, "Content-Type": "application/json"}
        return Collector(env.reactor, self.endpoint + path, headers)

    def _traces(self, env: Env, who: dict[str, Any]) -> Reports[ServerSpan]:
        def new_id() -> int:
            return env.random.getrandbits(64)

        def encode(spans: Sequence[ServerSpan]) -> bytes:
            told = [each for span in spans for each in otlp_spans(span, new_id)]
            return json.dumps(resource_spans(who, _SCOPE, told), ensure_ascii=False).encode()

        scope = env.metrics.scope("telemeters", self.KIND)
        return Reports(self._collector(env, "/v1/traces"), encode, scope, env.clock)

    def _metrics(self, env: Env, who: dict[str, Any]) -> Pushes:
        began = nanoseconds(time.time())
        head = f'{{"resourceMetrics":[{{"resource":{json.dumps(who)},'
        head += f'"scopeMetrics":[{{"scope":{json.dumps(_SCOPE)},"metrics":['
        return Pushes(
            self._collector(env, "/v1/metrics"),
            lambda: metric_pieces(env.metrics.root, began, nanoseconds(time.time())),
            (head, "]}]}]}"),
            env.clock,
            self.metrics_interval_ms / 1000,
        )
