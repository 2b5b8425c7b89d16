"""Store `io.l5d.inMemory`: dtabs given in the file, and forgotten with the process.

Source: discovery spec, section 4.3.
"""

from typing import ClassVar

from pydantic import Field

from linkerpy.config.fields import DtabField
from linkerpy.router.families import StoreConfig


class InMemoryConfig(StoreConfig):
    """Begins with `namespaces`: a dtab for each name."""

    KIND: ClassVar[str] = "io.l5d.inMemory"
    NOT_YET: ClassVar[str] = "namerd"

    namespaces: dict[str, DtabField] = Field(default_factory=dict)
    """The dtabs that there are at first, by name."""
