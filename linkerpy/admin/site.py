"""All admin pages in one table.

Source: telemetry-admin spec, section 4.4.
"""

from collections.abc import Callable, Iterable
from typing import Any

from linkerpy.admin.delegator import delegator_page
from linkerpy.admin.explorer import explorer_page
from linkerpy.admin.logging import logging_page
from linkerpy.admin.member import member_page
from linkerpy.admin.metrics import metrics_page
from linkerpy.admin.names import names_page
from linkerpy.admin.pages import ui_pages
from linkerpy.admin.process import process_pages, shutdown_page
from linkerpy.admin.security import Security
from linkerpy.admin.state import AdminState, Json
from linkerpy.admin.tls import tls_page
from linkerpy.admin.traffic import members_page, traffic_page
from linkerpy.net.log import LEVELS
from linkerpy.net.web import Page, Pages, as_json, site, text


def make_site(
    state: AdminState, security: Security, reactor: Any, telemeters: Iterable[Pages] = ()
) -> Any:
    """The admin server's factory; a telemeter's page takes the place of ours of the same path."""
    metrics = metrics_page(state.metrics, reactor)
    pages: dict[str, Page] = {
        **ui_pages(state.version),
        **process_pages(state),
        "/admin/shutdown": security.guarded(shutdown_page(state)),
        "/admin/metrics.json": metrics,
        "/metrics.json": metrics,
        "/delegator.json": delegator_page(state, reactor),
        "/logging.json": security.guarded(logging_page(LEVELS, security.may_change)),
        **{path: _state_page(show) for path, show in state.states.items()},
        "/admin/tls_failures.json": tls_page(state),
        "/ui/traffic.json": traffic_page(state, reactor),
        "/ui/members.json": members_page(state, reactor),
        "/ui/member.json": member_page(state),
        "/ui/names.json": names_page(state, reactor),
        "/ui/metrics.json": explorer_page(state.metrics, reactor),
    }
    for more in telemeters:
        pages.update(more)
    index = "\n".join(sorted(pages)) + "\n"
    pages["/admin"] = pages["/admin/index.txt"] = lambda _: text(index)
    return site(pages, security.filter(), state.metrics.scope("adminhttp"), reactor)


def _state_page(show: Callable[[], Json]) -> Page:
    return lambda _: as_json(show())
