"""All admin pages in one table.

Source: telemetry-admin spec, section 4.4.
"""

from collections.abc import Callable, Iterable
from typing import Any

from linkerpy.admin.delegator import delegator_page
from linkerpy.admin.explorer import explorer_page
from linkerpy.admin.lately import lately_page
from linkerpy.admin.logging import logging_page
from linkerpy.admin.member import member_page
from linkerpy.admin.metrics import metrics_page
from linkerpy.admin.names import names_page
from linkerpy.admin.pages import ui_pages
from linkerpy.admin.process import control_pages, names_pages, process_pages
from linkerpy.admin.security import Security
from linkerpy.admin.state import AdminState, Json, ProcessState
from linkerpy.admin.tls import tls_page
from linkerpy.admin.traffic import members_page, traffic_page
from linkerpy.net.log import LEVELS
from linkerpy.net.web import Answer, Asked, Page, Pages, Site, as_json, site, text
from linkerpy.telemetry.metrics import Metrics


def make_site(
    state: AdminState, security: Security, reactor: Any, telemeters: Iterable[Pages] = ()
) -> Site:
    """The admin server's factory; its `show` takes what `pages_of` makes after a reload."""
    pages = pages_of(state, security, reactor, telemeters)
    return serve(pages, security, state.metrics, reactor)


def serve(pages: Pages, security: Security, metrics: Metrics, reactor: Any) -> Site:
    """The admin server's factory. It counts itself in `metrics`."""
    return site(pages, security.filter(), metrics.scope("adminhttp"), reactor)


def pages_of(
    state: AdminState, security: Security, reactor: Any, telemeters: Iterable[Pages] = ()
) -> Pages:
    """All pages; a telemeter's page takes the place of ours of the same path."""
    pages: dict[str, Page] = {
        **general_pages(state, security, reactor),
        **names_pages(state),
        "/delegator.json": delegator_page(state, reactor),
        **{path: _state_page(show) for path, show in state.states.items()},
        "/admin/tls_failures.json": tls_page(state),
        "/ui/member.json": member_page(state, _client_of(state)),
        "/ui/names.json": names_page(state, reactor),
    }
    for more in telemeters:
        pages.update(more)
    return pages | index_pages(pages)


def general_pages(state: ProcessState, security: Security, reactor: Any) -> dict[str, Page]:
    """The pages that need no routers."""
    metrics = metrics_page(state.metrics, reactor)
    return {
        **ui_pages(state.version),
        **process_pages(state),
        **{path: security.guarded(page) for path, page in control_pages(state).items()},
        "/admin/metrics.json": metrics,
        "/metrics.json": metrics,
        "/logging.json": security.guarded(logging_page(LEVELS, security.may_change)),
        "/ui/traffic.json": traffic_page(state, reactor),
        "/ui/lately.json": lately_page(state.lately, reactor),
        "/ui/members.json": members_page(state, reactor),
        "/ui/metrics.json": explorer_page(state.metrics, reactor),
    }


def index_pages(pages: Pages) -> dict[str, Page]:
    """The pages that list the others, as they are when somebody asks."""

    def index(_: Asked) -> Answer:
        listed = sorted(pages.keys() - {"/admin", "/admin/index.txt"})
        return text("\n".join(listed) + "\n")

    return {"/admin": index, "/admin/index.txt": index}


def _client_of(state: AdminState) -> Callable[[str, str], Json | None]:
    def client(label: str, name: str) -> Json | None:
        views = [view for view in state.routers() if view.label == label]
        return views[0].client(name) if views else None

    return client


def _state_page(show: Callable[[], Json]) -> Page:
    return lambda _: as_json(show())
