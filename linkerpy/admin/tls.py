"""`/admin/tls_failures.json`: which TLS handshakes failed lately, with whom, why, and what to do.

Newest first; what repeats itself stands there once, with the time of the last.
"""

from dataclasses import asdict

from linkerpy.admin.state import AdminState
from linkerpy.net.web import Page, as_json


def tls_page(state: AdminState) -> Page:
    """The page."""
    return lambda _: as_json({"failures": [asdict(failure) for failure in state.tls_failures]})
