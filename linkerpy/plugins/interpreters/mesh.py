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
    root: Annotated[PathField, AfterValidator(_one_element)] = Path.of("default")
    tls: ClientTls | None = None
    retry: MeshRetry = MeshRetry()
    failure_threshold: MeshFailureThreshold | None = None
    initial_stream_window_size_kb: Positive = 10_240
