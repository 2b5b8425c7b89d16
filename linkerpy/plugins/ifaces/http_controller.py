"""Interface `io.l5d.httpController`: namerd's control API.

Source: discovery spec, sections 4.1 and 4.4.
"""

from typing import ClassVar

from linkerpy.config.fields import Port
from linkerpy.router.families import InterfaceConfig


class HttpControllerConfig(InterfaceConfig):
    """Dtabs are read and written, names resolved, over HTTP."""

    KIND: ClassVar[str] = "io.l5d.httpController"
    NOT_YET: ClassVar[str] = "namerd"

    port: Port = 4180
