"""Where a request wants to go, and what is known about it on its way.

Source: naming spec, terms (Dst.Path); dataplane spec, section 1.
"""

from typing import Any

from linkerpy.naming.dtab import EMPTY as NO_DTAB
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.path import Path
from linkerpy.policy.verdict import Classify
from linkerpy.telemetry.span import ServerSpan
from linkerpy.telemetry.trace_id import TraceId


class Dst:
    """What an identifier yields: the name, and the local dtab that came with the request.

    The router's own dtab is no part of it: it is the same for every request of a router. Not to be
    changed once made: it keys the path cache. A dataclass would cost each request a microsecond.
    """

    __slots__ = ("local", "path")

    def __init__(self, path: Path, local: Dtab = NO_DTAB) -> None:
        self.path = path
        self.local = local

    def __repr__(self) -> str:
        return f"<Dst {self.path.show()} under [{self.local.show()}]>"

    def __hash__(self) -> int:
        return hash(self.path.elems)  # nearly always the local dtab is the empty one

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not Dst:
            return NotImplemented
        assert isinstance(other, Dst)
        return self.path.elems == other.path.elems and (
            self.local is other.local or self.local == other.local
        )


class Context:
    """What the layers of one request tell each other. Passed with the request, never ambient.

    `peer` is the caller's address as `ip:port`, `local` the dtab of its headers, `dst` the name
    once it is known, `acquire_by` the moment (clock seconds) by which the present attempt must
    have found a usable connection, and `endpoint` the address that was chosen for it. `classify`
    is the service's response classifier, None where the protocol's plain rule holds; `deadline` is
    until when the answer is of use to the caller, as (noted at, until) in nanoseconds of the epoch;
    `upgrade` is the other protocol that the caller wants to speak from here on; `trace` the id of
    the request's span here and `span` what is noted of it, None when nobody records it;
    `connection` what the request came by, with a Twisted `transport`.
    """

    __slots__ = (
        "acquire_by",
        "classify",
        "connection",
        "deadline",
        "dst",
        "endpoint",
        "local",
        "peer",
        "span",
        "trace",
        "upgrade",
    )

    def __init__(self, peer: str, connection: Any = None) -> None:
        self.peer = peer
        self.connection = connection
        self.local: Dtab = NO_DTAB
        self.dst: Dst | None = None
        self.acquire_by = float("inf")
        self.endpoint: Any = None
        self.classify: Classify | None = None
        self.deadline: tuple[int, int] | None = None
        self.upgrade: Any = None
        self.trace: TraceId | None = None
        self.span: ServerSpan | None = None
