"""The admin pages of linkerd-tcp, which has no others.

Source: dataplane spec, section 8.5; telemetry-admin spec, section 4.6.
"""

from collections.abc import Callable

from linkerpy.net.web import Answer, Asked, Page, Pages, not_found
from linkerpy.telemetry.prometheus_linkerd_tcp import CONTENT_TYPE


def linkerd_tcp_pages(
    figures: Callable[[], str], shut_down: Callable[[], None], abort: Callable[[], None]
) -> Pages:
    """The pages by path: the last figures, an orderly end, and one that waits for nothing."""

    def metrics(asked: Asked) -> Answer:
        if asked.method not in ("GET", "HEAD"):
            return not_found(asked)
        return Answer(figures().encode(), content_type=CONTENT_TYPE)

    return {"/metrics": metrics, "/shutdown": _posted(shut_down), "/abort": _posted(abort)}


def _posted(act: Callable[[], None]) -> Page:
    def page(asked: Asked) -> Answer:
        if asked.method != "POST":
            return not_found(asked)
        act()
        return Answer()

    return page
