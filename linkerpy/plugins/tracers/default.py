"""Trace propagator `io.l5d.default`: linkerd's own headers.

Source: config spec, section 14.1.
"""

from typing import ClassVar

from linkerpy.protocol.http.config import PropagatorConfig


class DefaultConfig(PropagatorConfig):
    """Trace ids in `l5d-ctx-trace`, sampling in `l5d-sample`."""

    KIND: ClassVar[str] = "io.l5d.default"
    NOT_YET: ClassVar[str] = "tracing"
