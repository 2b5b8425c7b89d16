"""Interpreter `io.l5d.consul.interpreter`: a dtab kept in Consul.

Source: discovery spec, section 3.
"""

from typing import ClassVar

from linkerpy.config.discovery import ConsulKv
from linkerpy.config.fields import Text
from linkerpy.router.families import Backoff, InterpreterConfig


class ConsulInterpreterConfig(InterpreterConfig, ConsulKv):
    """The dtab under `pathPrefix` and `namespace`."""

    KIND: ClassVar[str] = "io.l5d.consul.interpreter"
    NOT_YET: ClassVar[str] = "Consul"

    namespace: Text = "default"
    """Which dtab: the key below `pathPrefix`."""
    backoff: Backoff | None = None
    """None is jittered from 1 ms to a minute."""
