"""SystemNamer: the names below `/$/`, which need no configuration.

Internet names, the two dead ends, the rewriting namers, and a clear error for any other class: a
namer there is a class name, and only linkerd itself can load those.

Source: naming spec, section 3.1.
"""

import re
from typing import Final

from linkerpy.core.activity import Activity
from linkerpy.core.errors import BindingFailed
from linkerpy.core.var import Var
from linkerpy.naming.addr import Addr
from linkerpy.naming.bound import Bound
from linkerpy.naming.inet import Inet, failed
from linkerpy.naming.namer import LookupTree
from linkerpy.naming.nametree import EMPTY, FAIL, NEG, Leaf
from linkerpy.naming.path import Path
from linkerpy.naming.rewrites import REWRITES

_GLOBAL: Final = "com.twitter.finagle.namer.global"
_NOT_YET: Final = ("com.twitter.serverset", "io.buoyant.namer.zk.leader")
_INTEGER = re.compile(r"-?[0-9]{1,10}")


class SystemNamer:
    """Answers whole paths; whatever is not below `/$/` is Neg."""

    def __init__(self, inet: Inet) -> None:
        self._inet = inet

    def lookup(self, path: Path) -> Activity[LookupTree]:
        """See `Namer.lookup`."""
        asked = path
        while True:
            match _texts(asked):
                case ["$", "inet", host, port, *_] if _is_integer(port):
                    return _leaf(asked, 4, self._inet.addr(host, int(port)))
                case ["$", "fixedinet", host, port, *_] if _is_integer(port):
                    return _leaf(asked, 4, self._inet.fixed(host, int(port)))
                case ["$", "inet", port, *_] if _is_integer(port):
                    return _leaf(asked, 3, self._inet.addr("localhost", int(port)))
                case ["$", "io.buoyant.rinet", port, host, *_]:
                    return _leaf(asked, 4, self._rinet(host, port))
                case ["$", "io.buoyant.rinet", *_]:
                    return Activity.value(NEG)
                case ["$", "fail", *_]:
                    return Activity.value(FAIL)
                case ["$", "nil", *_]:
                    return Activity.value(EMPTY)
                case ["$", name, *_] if name in REWRITES:
                    rewritten = REWRITES[name](asked.drop(2))
                    return Activity.value(NEG if rewritten is None else Leaf(rewritten))
                case ["$", name, *_] if name == _GLOBAL:
                    asked = asked.drop(2)
                case ["$", name, *_]:
                    return Activity.failed(BindingFailed(_unknown(name, path)))
                case _:
                    return Activity.value(NEG)

    def _rinet(self, host: str, port: str) -> Var[Addr]:
        if _is_integer(port):
            return self._inet.addr(host, int(port))
        return failed(f"not a port number: {port}")


def _texts(path: Path) -> list[str]:
    return [element.decode("utf-8", "replace") for element in path.elems]


def _is_integer(text: str) -> bool:
    """Whether `text` is a decimal integer of 32 bits; whether it is a port too is asked later."""
    return _INTEGER.fullmatch(text) is not None and -(2**31) <= int(text) < 2**31


def _leaf(path: Path, consumed: int, addr: Var[Addr]) -> Activity[LookupTree]:
    return Activity.value(Leaf(Bound(path.take(consumed), addr, path.drop(consumed))))


def _unknown(name: str, path: Path) -> str:
    if name in _NOT_YET:
        return f"Namer {name} is not supported yet: it needs ZooKeeper (path: {path.show()})"
    return f"Unknown namer: {name} for path: {path.show()}"
