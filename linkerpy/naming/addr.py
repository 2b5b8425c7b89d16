"""Addr: the changing set of replicas behind a bound name.

*Unknown* (`AddrPending`), *not there* (`AddrNeg`), *could not be found out* (`AddrFailed`) and
*these* (`AddrBound`, perhaps none) are four different answers.

Source: naming spec, terms and section 4.3.
"""

from dataclasses import dataclass, field
from typing import Any

WEIGHT = "endpoint_addr_weight"
"""Metadata key of an address's weight, a float; 1.0 when absent."""

Meta = tuple[tuple[str, Any], ...]
"""Metadata as sorted pairs, so that it can be compared and hashed."""


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """One replica: an IP literal, a port and metadata."""

    ip: str
    port: int
    meta: Meta = field(default=(), compare=True)

    @property
    def weight(self) -> float:
        """The address's share relative to its neighbours."""
        return float(dict(self.meta).get(WEIGHT, 1.0))

    def show(self) -> str:
        """`ip:port`, an IPv6 literal in brackets."""
        return f"[{self.ip}]:{self.port}" if ":" in self.ip else f"{self.ip}:{self.port}"


@dataclass(frozen=True, slots=True)
class AddrPending:
    """No answer yet."""


@dataclass(frozen=True, slots=True)
class AddrNeg:
    """The name has no replica set."""


@dataclass(frozen=True, slots=True)
class AddrFailed:
    """Why the replicas could not be found out."""

    error: BaseException

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AddrFailed):
            return NotImplemented
        return type(self.error) is type(other.error) and str(self.error) == str(other.error)

    def __hash__(self) -> int:
        return hash((type(self.error), str(self.error)))


@dataclass(frozen=True, slots=True)
class AddrBound:
    """The replicas, and metadata about all of them (`authority` and the like)."""

    addresses: frozenset[Address]
    meta: Meta = ()


Addr = AddrPending | AddrNeg | AddrFailed | AddrBound
ADDR_PENDING = AddrPending()
ADDR_NEG = AddrNeg()


def bound(*addresses: Address) -> AddrBound:
    """An `AddrBound` of these addresses."""
    return AddrBound(frozenset(addresses))
