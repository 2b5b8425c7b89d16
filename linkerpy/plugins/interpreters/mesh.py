"""Interpreter `io.l5d.mesh`: a namerd, by gRPC.

Source: discovery spec, section 3.
"""

from typing import Annotated, ClassVar

from pydantic import AfterValidator

from linkerpy.config.discovery import MeshFailureThreshold, MeshRetry
from linkerpy.config.fields import PathField, Positive
from linkerpy.config.tls import ClientTls
from linkerpy.naming.path import Path
from linkerpy.router.families import InterpreterConfig


def _one_element(root: Path) -> Path:
    if len(root) != 1:
        raise ValueError(
            f"io.l5d.mesh: `root` may only contain a single path element (for now): {root.show()}"
        )
    return root


class MeshConfig(InterpreterConfig):
    """Asks namerd's mesh interface; `root` names the dtab."""

    KIND: ClassVar[str] = "io.l5d.mesh"
    NOT_YET: ClassVar[str] = "namerd"

    dst: PathField
    """Where namerd is: a name such as `/$/inet/namerd/4321`."""
    root: Annotated[PathField, AfterValidator(_one_element)] = Path.of("default")
    """The dtab that binds names, by its namespace."""
    tls: ClientTls | None = None
    """How namerd is spoken to; None is plain text."""
    retry: MeshRetry = MeshRetry()
    """The waits before namerd is asked again."""
    failure_threshold: MeshFailureThreshold | None = None
    """How the connection is checked; None is not at all."""
    initial_stream_window_size_kb: Positive = 10_240
    """How much namerd may send on a stream before it is taken in."""
