"""IP addresses compared: as values, and by network.

Source: naming spec, section 7.
"""

from dataclasses import dataclass
from ipaddress import ip_address


def canonical(ip: str) -> str:
    """The canonical spelling of an IP literal; other text as it is."""
    try:
        return str(ip_address(ip))
    except ValueError:
        return ip


@dataclass(frozen=True, slots=True)
class Netmask:
    """A mask of one address family; addresses of the other are in no network of it."""

    mask: str

    def local(self, one: str, other: str) -> bool:
        """Whether both are IP literals of the mask's family and agree in all masked bits."""
        try:
            mask, first, second = (ip_address(text) for text in (self.mask, one, other))
        except ValueError:
            return False
        if not mask.version == first.version == second.version:
            return False
        return int(first) & int(mask) == int(second) & int(mask)
