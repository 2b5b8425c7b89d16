"""Exporters: the telemeters of a configuration, while they run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from linkerpy.core.clock import Clock
from linkerpy.core.closable import NOTHING, Closable
from linkerpy.router.telemeter import Telemeter

PATIENCE: Final = 3.0
"""Seconds that exporters have for what is left to be sent."""


@dataclass(slots=True)
class Exporter:
    """A telemeter, and what it was made of."""

    made_of: Any
    """Its configuration: an equal one has it go on after a reload."""
    telemeter: Telemeter
    running: Closable = NOTHING

    def run(self) -> None:
        """Begin to export.

        Raises: OSError.
        """
        self.running = self.telemeter.run()


def drain(exporters: Sequence[Exporter], clock: Clock, done: Callable[[], None]) -> None:
    """Let exporters send what is left, and close them; `done` is called in `PATIENCE` at most."""
    waiting = len(exporters) + 1

    def one_done() -> None:
        nonlocal waiting
        waiting -= 1
        if waiting == 0:
            over()

    def over() -> None:
        nonlocal waiting
        waiting = -1
        if limit.active():
            limit.cancel()
        for exporter in exporters:
            exporter.running.close()
        done()

    limit = clock.callLater(PATIENCE, over)
    for exporter in exporters:
        exporter.telemeter.drain(one_done)
    one_done()
