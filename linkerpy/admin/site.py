"""All admin pages in one table.

Source: telemetry-admin spec, section 4.4.
"""

from collections.abc import Callable, Iterable
from typing import Any

from linkerpy.admin.dashboard import dashboard_pages
from linkerpy.admin.delegator import delegator_page
from linkerpy.admin.logging import logging_page
from linkerpy.admin.metrics import metrics_page
from linkerpy.admin.process import process_pages
from linkerpy.admin.security import Security
from linkerpy.admin.state import AdminState, Json
from linkerpy.admin.tls import tls_page
from linkerpy.net.log import LEVELS
from linkerpy.net.web import Page, Pages, Site, as_json, site, text


def make_site(
    state: AdminState, security: Security, reactor: Any, telemeters: Iterable[Pages] = ()
) -> Site:
    """The admin server's factory; its `show` takes what `pages_of` makes after a reload."""
    pages = pages_of(state, reactor, telemeters)
    return site(pages, security.filter(), state.metrics.scope("adminhttp"), reactor)


def pages_of(state: AdminState, reactor: Any, telemeters: Iterable[Pages] = ()) -> Pages:
    """All pages; a telemeter's page takes the place of ours of the same path."""
    metrics = metrics_page(state.metrics)
    pages: dict[str, Page] = {
        **dashboard_pages(state.version),
        **process_pages(state),
        "/admin/metrics.json": metrics,
        "/metrics.json": metrics,
        "/delegator.json": delegator_page(state, reactor),
        "/logging.json": logging_page(LEVELS),
        **{path: _state_page(show) for path, show in state.states.items()},
        "/admin/tls_failures.json": tls_page(state),
    }
    for more in telemeters:
        pages.update(more)
    index = "\n".join(sorted(pages)) + "\n"
    pages["/admin"] = pages["/admin/index.txt"] = lambda _: text(index)
    return pages


def _state_page(show: Callable[[], Json]) -> Page:
    return lambda _: as_json(show())
