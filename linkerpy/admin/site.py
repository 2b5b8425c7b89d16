"""All admin pages in one table.

Source: telemetry-admin spec, section 4.4.
"""

from collections.abc import Callable, Iterable
from typing import Any

from linkerpy.admin.dashboard import dashboard_pages
from linkerpy.admin.delegator import delegator_page
from linkerpy.admin.logging import logging_page
from linkerpy.admin.metrics import metrics_page
from linkerpy.admin.process import names_pages, process_pages
from linkerpy.admin.security import Security
from linkerpy.admin.state import AdminState, Json, ProcessState
from linkerpy.admin.tls import tls_page
from linkerpy.net.log import LEVELS
from linkerpy.net.web import Answer, Asked, Page, Pages, Site, as_json, site, text
from linkerpy.telemetry.metrics import Metrics


def make_site(
    state: AdminState, security: Security, reactor: Any, telemeters: Iterable[Pages] = ()
) -> Site:
    """The admin server's factory; its `show` takes what `pages_of` makes after a reload."""
    return serve(pages_of(state, reactor, telemeters), security, state.metrics, reactor)


def serve(pages: Pages, security: Security, metrics: Metrics, reactor: Any) -> Site:
    """The admin server's factory. It counts itself in `metrics`."""
    return site(pages, security.filter(), metrics.scope("adminhttp"), reactor)


def pages_of(state: AdminState, reactor: Any, telemeters: Iterable[Pages] = ()) -> Pages:
    """All pages; a telemeter's page takes the place of ours of the same path."""
    pages: dict[str, Page] = {
        **general_pages(state),
        **names_pages(state),
        "/delegator.json": delegator_page(state, reactor),
        **{path: _state_page(show) for path, show in state.states.items()},
        "/admin/tls_failures.json": tls_page(state),
    }
    for more in telemeters:
        pages.update(more)
    return pages | index_pages(pages)


def general_pages(state: ProcessState) -> dict[str, Page]:
    """The pages that need no routers."""
    metrics = metrics_page(state.metrics)
    return {
        **dashboard_pages(state.version),
        **process_pages(state),
        "/admin/metrics.json": metrics,
        "/metrics.json": metrics,
        "/logging.json": logging_page(LEVELS),
    }


def index_pages(pages: Pages) -> dict[str, Page]:
    """The pages that list the others, as they are when somebody asks."""

    def index(_: Asked) -> Answer:
        listed = sorted(pages.keys() - {"/admin", "/admin/index.txt"})
        return text("\n".join(listed) + "\n")

    return {"/admin": index, "/admin/index.txt": index}


def _state_page(show: Callable[[], Json]) -> Page:
    return lambda _: as_json(show())
