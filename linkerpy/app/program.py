"""Program: what a configuration file asks for, whichever of the programs it was written for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from linkerpy.app.schema import Linker, LinkerTcp, to_json
from linkerpy.router.env import Env
from linkerpy.router.telemeter import Telemeter

ShutDown = Callable[[float | None], None]
"""Ends the process; seconds of grace, None for the configured ones."""

Extra = Callable[[Env, ShutDown], Telemeter]
"""Makes a telemeter that may end the process."""


@dataclass(frozen=True, slots=True)
class Program:
    """A linkerd file, and what another program's file has beside it."""

    file: Linker | LinkerTcp
    """As it was read: two programs of equal files are the same."""
    config: Linker
    """The linkerd file that means the same."""
    shown: Callable[[], dict[str, Any]]
    """The file as `/config.json` shows it."""
    extra: Extra | None = None
    source: tuple[str, str] = ("", "")
    """The file's name and text, for other processes to read the same."""
    has_admin: bool = True
    """Whether this process serves the admin pages; another may ask for them."""


def program_of(file: Linker | LinkerTcp, on_abort: Callable[[], None]) -> Program:
    """The program that a file asks for.

    `on_abort` is called before the process is ended that is to end with exit code 1.
    """
    if isinstance(file, LinkerTcp):
        from linkerpy.app.linkerd_tcp import linkerd_tcp  # noqa: PLC0415 - few files need it

        return linkerd_tcp(file, on_abort)
    return Program(file, file, lambda: to_json(file))
