"""The interpreter that all kinds with a dtab of their own are made of, wired to the process.

Source: naming spec, sections 2.3 and 9 (what a union goes without is logged and counted).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from linkerpy.core.activity import Failed
from linkerpy.naming.interpreter import Dropped, DtabInterpreter
from linkerpy.naming.namer import PrefixedNamer
from linkerpy.naming.system import SystemNamer
from linkerpy.net.log import logger

if TYPE_CHECKING:  # checking a file needs no network
    from linkerpy.router.env import Env

log = logger("linkerpy.naming")


def dtab_interpreter(env: "Env", namers: Sequence[PrefixedNamer]) -> DtabInterpreter:
    """An interpreter over `namers`, in file order, and the system's names."""
    scope = env.metrics.scope("naming")
    failed, pending = scope.counter("failed_branches"), scope.counter("pending_branches")

    def dropped(branch: Dropped) -> None:
        if isinstance(branch.state, Failed):
            failed.incr()
            log.warn(
                "{name}: its union goes without {branch}: {error}",
                name=branch.name.show(),
                branch=branch.branch,
                error=branch.state.error,
            )
        else:
            pending.incr()
            log.debug(
                "{name}: its union goes without {branch}, which is pending",
                name=branch.name.show(),
                branch=branch.branch,
            )

    return DtabInterpreter(namers, SystemNamer(env.inet), dropped)
