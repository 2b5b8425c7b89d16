"""Telemeters `io.l5d.zipkin` and `io.zipkin.http`: traces sent to a Zipkin collector.

Both send Zipkin's v2 JSON over HTTP. linkerd's own kind spoke Scribe, which collectors do not
take any more; its keys are the same, but for the default port.

Source: config spec, section 15; telemetry-admin spec, section 3; Zipkin API v2.
"""

import gzip
import json
from collections.abc import Sequence
from typing import ClassVar

from linkerpy.config.fields import Flag, Port, Share, Text
from linkerpy.net.collector import Collector
from linkerpy.net.reports import Reports
from linkerpy.router.env import Env
from linkerpy.router.families import TelemeterConfig
from linkerpy.router.telemeter import Telemeter
from linkerpy.telemetry.span import ServerSpan
from linkerpy.telemetry.tracing import Tracer
from linkerpy.telemetry.zipkin import zipkin_spans

_PATH = "/api/v2/spans"
_SCRIBE = 9410
_HINT = "9410 is the port of Scribe; Zipkin takes spans by HTTP on 9411"


class ZipkinConfig(TelemeterConfig):
    """Sends the traces of a share of requests, and all that callers want traced."""

    KIND: ClassVar[str] = "io.l5d.zipkin"

    host: Text = "localhost"
    """The collector."""
    port: Port = 9411
    """Where it takes spans by HTTP."""
    sample_rate: Share = 0.001
    """The share of requests traced of which callers have not said whether to."""

    def build(self, env: Env) -> Telemeter:
        """The exporter; it connects when there is something to send."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        hint = _HINT if self.port == _SCRIBE else ""
        url = f"http://{host}:{self.port}{_PATH}"
        collector = Collector(env.reactor, url, {"Content-Type": "application/json"}, hint)
        return _exporter(self.KIND, collector, self.sample_rate, env, compressed=False)


class ZipkinHttpConfig(TelemeterConfig):
    """The same, with the keys of the plugin that reported by HTTP. `host` is `HOST:PORT`."""

    KIND: ClassVar[str] = "io.zipkin.http"

    host: Text = "localhost:9411"
    """The collector and its port."""
    host_header: Text = "zipkin"
    """The `Host` of requests to it."""
    compression_enabled: Flag = True
    """Whether reports are compressed by gzip."""
    initial_sample_rate: Share = 0.001
    """The share of requests traced of which callers have not said whether to."""

    def build(self, env: Env) -> Telemeter:
        """The exporter; it connects when there is something to send."""
        headers = {"Content-Type": "application/json", "Host": self.host_header}
        if self.compression_enabled:
            headers["Content-Encoding"] = "gzip"
        collector = Collector(env.reactor, f"http://{self.host}{_PATH}", headers)
        compressed = self.compression_enabled
        return _exporter(self.KIND, collector, self.initial_sample_rate, env, compressed=compressed)


def _exporter(
    kind: str, collector: Collector, rate: float, env: Env, *, compressed: bool
) -> Telemeter:
    if not env.has_traffic:
        return Telemeter()

    def new_id() -> int:
        return env.random.getrandbits(64)

    def encode(spans: Sequence[ServerSpan]) -> bytes:
        told = [each for span in spans for each in zipkin_spans(span, new_id)]
        body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
        return gzip.compress(body, 1) if compressed else body

    scope = env.metrics.scope("telemeters", kind)
    reports: Reports[ServerSpan] = Reports(collector, encode, scope, env.clock)
    tracer = Tracer(reports.add, rate, decides=True)
    return Telemeter(tracer=tracer, run=lambda: reports, drain=reports.drain)
