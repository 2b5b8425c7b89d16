"""The replicas of a bound tree as one set: for who wants any of them, as clients of namerd do."""

from linkerpy.core.activity import Activity, Failed, Ok
from linkerpy.core.computed import Read, computed
from linkerpy.core.var import Var
from linkerpy.naming import nametree
from linkerpy.naming.addr import (
    ADDR_NEG,
    ADDR_PENDING,
    Addr,
    AddrBound,
    Address,
    AddrFailed,
    AddrPending,
)
from linkerpy.naming.bound import Bound
from linkerpy.naming.namer import BoundTree


def addresses_of(bound: Activity[BoundTree]) -> Var[Addr]:
    """The replicas of all names that the tree stands for; weights between them do not count.

    Those that are known will do while others are pending or have failed.
    """

    def gather(read: Read) -> Addr:
        state = read("tree", lambda: bound.states)
        if isinstance(state, Failed):
            return AddrFailed(state.error)
        if not isinstance(state, Ok):
            return ADDR_PENDING
        names = nametree.evaluate(state.value)
        if not isinstance(names, frozenset):
            return ADDR_NEG
        return _together([_read(read, name) for name in names])

    return computed(gather)


def _read(read: Read, name: Bound) -> Addr:
    return read(name.id, lambda: name.addr)


def _together(parts: list[Addr]) -> Addr:
    found: set[Address] = set()
    for part in parts:
        if isinstance(part, AddrBound):
            found |= part.addresses
    if found:
        return AddrBound(frozenset(found))
    pending = [part for part in parts if isinstance(part, AddrPending)]
    failed = [part for part in parts if isinstance(part, AddrFailed)]
    return (pending or failed or [ADDR_NEG])[0]
