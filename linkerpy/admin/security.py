"""Which admin paths are served, and to whom those that change something.

Everything is served unless `admin.security` says otherwise. Changes can be made from this machine,
and from others where the file says `controlEnabled: true` in so many words.

Source: config spec, section 5; telemetry-admin spec, section 4.3.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Final

from twisted.internet.defer import Deferred

from linkerpy.net.web import Answer, Asked, Page, text

_UI = re.compile(
    r"/|/files/.*|/admin/files/.*|/config\.json|/metrics\.json|/admin/metrics\.json"
    r"|/admin/metrics|/delegator|/delegator\.json|/logging|/help"
    r"|/ui/.*|/names|/tls|/config"  # ours, which linkerd has not
)
_CONTROL = re.compile(r"/admin/shutdown|/admin/reload|/logging\.json")


@dataclass(frozen=True, slots=True)
class Security:
    """`admin.security`. The lists hold expressions for whole paths."""

    ui: bool = True
    control: bool | None = None
    """None serves control pages to everybody, and changes to callers on this machine."""
    diagnostics: bool = True
    whitelist: Sequence[str] = ()
    blacklist: Sequence[str] = ()

    def filter(self) -> Callable[[str], bool]:
        """Says of a path, without its query, whether it is served. The blacklist wins."""
        white = [re.compile(pattern) for pattern in self.whitelist]
        black = [re.compile(pattern) for pattern in self.blacklist]

        def allowed(path: str) -> bool:
            if any(pattern.fullmatch(path) for pattern in black):
                return False
            return self._category(path) or any(pattern.fullmatch(path) for pattern in white)

        return allowed

    def _category(self, path: str) -> bool:
        if _UI.fullmatch(path):
            return self.ui
        return self.control is not False if _CONTROL.fullmatch(path) else self.diagnostics

    def may_change(self, asked: Asked) -> bool:
        """Whether this caller may change how the process runs."""
        return bool(self.control) or _from_here(asked)

    def guarded(self, page: Page) -> Page:
        """The page; only who may change something gets through with anything but a GET."""

        def guard(asked: Asked) -> Answer | Deferred[Answer]:
            if asked.method in ("GET", "HEAD") or self.may_change(asked):
                return page(asked)
            return text(_REFUSED, 403)

        return guard


_REFUSED: Final = (
    "Refused: this can be changed from the machine itself only. To allow it from everywhere, write"
    " controlEnabled: true below admin.security in the configuration.\n"
)


def _from_here(asked: Asked) -> bool:
    """Whether the caller is on this machine.

    A page in a browser must call the machine by a number, or localhost: any other name might be
    one that a stranger's site was given our address under.
    """
    return _is_loopback(asked.peer) and (not asked.browser or _is_ours(asked.host))


def _is_loopback(address: str) -> bool:
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    return (mapped or ip).is_loopback


def _is_ours(host: str) -> bool:
    name = re.sub(r":[0-9]*$", "", host).strip("[]").lower()
    try:
        ip_address(name)
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
    return True
