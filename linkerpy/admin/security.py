"""Which admin paths are served: everything, unless `admin.security` says otherwise.

Source: config spec, section 5; telemetry-admin spec, section 4.3.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_UI = re.compile(
    r"/|/files/.*|/admin/files/.*|/config\.json|/metrics\.json|/admin/metrics\.json"
    r"|/admin/metrics|/delegator|/delegator\.json|/logging|/help"
    r"|/ui/.*|/names|/tls|/config"  # ours, which linkerd has not
)
_CONTROL = re.compile(r"/admin/shutdown|/logging\.json")


@dataclass(frozen=True, slots=True)
class Security:
    """`admin.security`. The lists hold expressions for whole paths."""

    ui: bool = True
    control: bool = True
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
        return self.control if _CONTROL.fullmatch(path) else self.diagnostics
