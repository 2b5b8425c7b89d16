"""Trace propagator `io.l5d.zipkin`: Zipkin's B3 headers.

Source: config spec, section 14.1.
"""

from typing import ClassVar

from linkerpy.protocol.http.config import PropagatorConfig


class ZipkinConfig(PropagatorConfig):
    """Trace ids and sampling in `x-b3-*`."""

    KIND: ClassVar[str] = "io.l5d.zipkin"
    NOT_YET: ClassVar[str] = "tracing"
