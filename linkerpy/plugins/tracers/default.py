"""Trace propagator `io.l5d.default`: linkerd's own headers.

Source: config spec, section 14.1.
"""

from random import Random
from typing import ClassVar

from linkerpy.protocol.http.config import PropagatorConfig
from linkerpy.protocol.http.trace import LinkerdPropagator


class DefaultConfig(PropagatorConfig):
    """Trace ids in `l5d-ctx-trace`, sampling in `l5d-sample`."""

    KIND: ClassVar[str] = "io.l5d.default"

    def build(self, chance: Random) -> LinkerdPropagator:
        """See `PropagatorConfig`."""
        return LinkerdPropagator(chance.getrandbits(64))
