"""Interface `io.l5d.mesh`: binding over gRPC.

Source: discovery spec, sections 4.1 and 4.7.
"""

from typing import ClassVar

from linkerpy.config.fields import Flag, Port, Text
from linkerpy.config.rolling import RollPolicy
from linkerpy.router.families import InterfaceConfig


class MeshConfig(InterfaceConfig):
    """What linkerd's `io.l5d.mesh` interpreter asks."""

    KIND: ClassVar[str] = "io.l5d.mesh"
    NOT_YET: ClassVar[str] = "namerd"

    port: Port = 4321
    h2_access_log: Text | None = None
    """A file that gets a line for each request; None is no log."""
    h2_access_log_roll_policy: RollPolicy = "never"
    """When the file is put aside for a new one: never, by time, or by size."""
    h2_access_log_append: Flag = True
    """Whether a file that is there is added to, not emptied."""
    h2_access_log_rotate_count: int = -1
    """How many rolled files are kept; a negative number is all."""
