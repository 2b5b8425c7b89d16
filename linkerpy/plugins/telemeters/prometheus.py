"""Telemeter `io.l5d.prometheus`: metrics for Prometheus to fetch.

Source: config spec, section 15.
"""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator
from twisted.internet.defer import Deferred

from linkerpy.config.fields import Text
from linkerpy.net.accept import quality
from linkerpy.net.gradual import SharedText
from linkerpy.net.web import Answer, Asked, Page
from linkerpy.router.env import Env
from linkerpy.router.families import TelemeterConfig
from linkerpy.router.telemeter import Telemeter
from linkerpy.telemetry.prometheus import OPEN_METRICS, TEXT, Format, render
from linkerpy.telemetry.prometheus_linkerd import CONTENT_TYPE, render_linkerd


def _absolute(path: str) -> str:
    if not path.startswith("/"):
        raise ValueError(f"must begin with `/`: {path!r}")
    return path


class PrometheusConfig(TelemeterConfig):
    """Serves `path` on the admin port; every metric's name begins with `prefix`.

    `format` is linkerpy's own: `auto` lets the scraper choose between the text format and
    OpenMetrics, `text` and `openmetrics` do not, `linkerd` is linkerd's output line by line.
    """

    KIND: ClassVar[str] = "io.l5d.prometheus"

    path: Annotated[Text, AfterValidator(_absolute)] = "/admin/metrics/prometheus"
    """Where on the admin port."""
    prefix: Text = ""
    """What the name of every metric begins with."""
    format: Literal["auto", "text", "openmetrics", "linkerd"] = "auto"
    """What is served; `auto` is what the scraper asks for."""

    def build(self, env: Env) -> Telemeter:
        """The page."""
        if self.format == "linkerd":
            return Telemeter({self.path: _linkerd_page(env, self.prefix)})
        formats = {"text": (TEXT,), "openmetrics": (OPEN_METRICS,), "auto": (TEXT, OPEN_METRICS)}
        return Telemeter({self.path: _page(env, self.prefix, formats[self.format])})


def _page(env: Env, prefix: str, formats: tuple[Format, ...]) -> Page:
    """Serves the format the caller likes best; the first of those it likes as well."""

    def text(format_: Format) -> SharedText:
        return SharedText(lambda: render(env.metrics.root, prefix, format_), env.clock)

    texts = {format_: text(format_) for format_ in formats}

    def page(asked: Asked) -> Deferred[Answer]:
        best = max(formats, key=lambda format_: quality(asked.accept, format_.content_type))
        return _answered(texts[best], best.content_type)

    return page


def _linkerd_page(env: Env, prefix: str) -> Page:
    def pieces() -> Iterator[str]:
        return render_linkerd(env.metrics.root, prefix)

    text = SharedText(pieces, env.clock)
    return lambda _asked: _answered(text, CONTENT_TYPE)


def _answered(text: SharedText, content_type: str) -> Deferred[Answer]:
    def answer(pieces: list[bytes]) -> Answer:
        return Answer(content_type=content_type, rest=pieces)

    return text.ask().addCallback(answer)
