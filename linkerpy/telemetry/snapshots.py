"""Turns the slices of all stats, every ten seconds; every sixth time a minute is over.

Source: telemetry-admin spec, section 1.1.
"""

from typing import Any

from linkerpy.core.clock import Clock
from linkerpy.telemetry.metrics import SLICE, SLICES, Metrics, Stat


class Snapshots:
    """Runs until closed."""

    def __init__(self, metrics: Metrics, clock: Clock) -> None:
        self._metrics = metrics
        self._clock = clock
        self._turns = 0
        self._timer: Any = clock.callLater(SLICE, self._turn)

    def _turn(self) -> None:
        self._timer = self._clock.callLater(SLICE, self._turn)
        self._turns += 1
        whole = self._turns % SLICES == 0
        for _, metric in list(self._metrics.walk()):
            if isinstance(metric, Stat):
                metric.turn(whole=whole)

    def close(self) -> None:
        """Turn no more."""
        if self._timer.active():
            self._timer.cancel()
