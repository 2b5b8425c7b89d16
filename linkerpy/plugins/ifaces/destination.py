"""Interface `io.l5d.destination`: linkerd 2's destination API.

Source: discovery spec, sections 4.1 and 4.8.
"""

from typing import ClassVar

from linkerpy.config.fields import PathField, Port, Text
from linkerpy.naming.path import Path
from linkerpy.router.families import InterfaceConfig


class DestinationConfig(InterfaceConfig):
    """Names under `prefix`, bound by the dtab of `namespace`."""

    KIND: ClassVar[str] = "io.l5d.destination"
    NOT_YET: ClassVar[str] = "namerd"

    port: Port = 8086
    namespace: Text = "default"
    """The dtab that binds the names asked for."""
    prefix: PathField = Path.of("svc")
    """What is put in front of the names asked for."""
