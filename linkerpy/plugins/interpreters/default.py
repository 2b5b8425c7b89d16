"""Interpreter `default`: the router's dtab and the configured namers, in this process.

Source: discovery spec, section 3.
"""

from typing import TYPE_CHECKING, ClassVar

from linkerpy.naming.namer import Interpreter, PrefixedNamer
from linkerpy.router.dtabs import dtab_interpreter
from linkerpy.router.families import InterpreterConfig

if TYPE_CHECKING:  # checking a file needs no network
    from linkerpy.router.env import Env


class DefaultConfig(InterpreterConfig):
    """Has no dtab of its own."""

    KIND: ClassVar[str] = "default"
    LOCAL: ClassVar[bool] = True

    def build(self, env: "Env", namers: list[PrefixedNamer]) -> Interpreter:
        """See `InterpreterConfig.build`."""
        return dtab_interpreter(env, namers)
