"""Telemeter `io.l5d.statsd`: metrics sent to a StatsD.

Source: config spec, section 15; telemetry-admin spec, section 3.4.
"""

from collections.abc import Iterator
from typing import Any, ClassVar, Final

from linkerpy.config.fields import Port, Positive, Share, Text
from linkerpy.core.clock import Clock
from linkerpy.core.closable import Closable
from linkerpy.net.datagrams import Datagrams
from linkerpy.net.gradual import TURN
from linkerpy.net.log import logger
from linkerpy.router.env import Env
from linkerpy.router.families import TelemeterConfig
from linkerpy.router.telemeter import Telemeter
from linkerpy.telemetry.statsd import Flushes, packets

_log = logger("io.l5d.statsd")

BURST: Final = 32
"""Packets sent in a row; a receiver on the same machine has room for more."""

PAUSE: Final = 0.01
"""Seconds between two bursts."""


class StatsDConfig(TelemeterConfig):
    """Every interval counters are sent as what they grew by, gauges, and a share of all samples."""

    KIND: ClassVar[str] = "io.l5d.statsd"
    EXPERIMENTAL: ClassVar[str] = "io.l5d.statsd telemeter"

    prefix: Text = "linkerd"
    """What the name of every metric begins with."""
    hostname: Text = "127.0.0.1"
    """Where StatsD is."""
    port: Port = 8125
    """Where StatsD listens, for UDP."""
    gauge_interval_ms: Positive = 10_000
    """How often figures are sent."""
    sample_rate: Share = 0.01
    """The share of samples that is sent."""

    def build(self, env: Env) -> Telemeter:
        """The pusher; its socket is opened when there is something to send."""
        if not env.sends_metrics:
            return Telemeter()

        def run() -> Closable:
            target = Datagrams(env.reactor, env.inet, self.hostname, self.port)
            target.open()
            flushes = Flushes(env.metrics.root, self.prefix, self.sample_rate, env.random)
            return Pusher(flushes, target, env.clock, self.gauge_interval_ms / 1000)

        return Telemeter(run=run)


class Pusher:
    """Flushes at intervals until closed, in bursts short enough to keep nobody waiting.

    While it is not known where to send to, nothing is flushed, so nothing is lost.
    """

    def __init__(self, flushes: Flushes, target: Datagrams, clock: Clock, interval: float) -> None:
        self._flushes = flushes
        self._target = target
        self._clock = clock
        self._interval = interval
        self._packets: Iterator[bytes] = iter(())
        self._due = clock.seconds() + interval
        self._timer: Any = clock.callLater(interval, self._flush)

    def _flush(self) -> None:
        self._due = self._clock.seconds() + self._interval
        if self._target.ready:
            self._packets = packets(self._flushes.lines())
        self._burst()

    def _burst(self) -> None:
        wait = self._send(self._clock.seconds() + TURN, BURST)
        if wait is None:
            later = max(self._due - self._clock.seconds(), 0)
            self._timer = self._clock.callLater(later, self._flush)
        else:
            self._timer = self._clock.callLater(wait, self._burst)

    def _send(self, until: float, most: float) -> float | None:
        """Send until some time, or so many packets. Seconds to pause then; None at the end."""
        sent = 0
        try:
            for packet in self._packets:
                if packet:
                    self._target.send(packet)
                    sent += 1
                if sent >= most:
                    return PAUSE
                if self._clock.seconds() >= until:
                    return 0
        except Exception:  # noqa: BLE001 - a gauge's defect must not end the telemeter
            _log.failure("a flush failed; the next one tells the rest")
        return None

    def close(self) -> None:
        """Send what is left and what was counted since the last flush; gauges no more."""
        if not self._timer.active():
            return
        self._timer.cancel()
        if self._target.ready:
            self._send(float("inf"), float("inf"))
            self._packets = packets(self._flushes.lines(gauges=False))
            self._send(float("inf"), float("inf"))
        self._target.close()
