"""A thin, typed wrapper of twisted.web for the control plane: patterns to functions.

A pattern that ends in `/` serves everything below it, any other only itself; the longest one wins.
Duplicate slashes in a path are collapsed before anything looks at it. The data path does not use
this module.

Source: telemetry-admin spec, section 4.2.
"""

# mypy: disallow-untyped-calls=False
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web import http, resource, server
from zope.interface import implementer

from linkerpy.net.log import logger
from linkerpy.telemetry.metrics import Metrics

_log = logger("linkerpy.admin")

MAX_BODY = 1 << 20
"""Bytes of a request body; a larger one is read, thrown away and answered with 413."""

PATIENCE = 60
"""Seconds in which a request must have arrived whole, counted from the last answer."""

_SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'self'",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, as pages see it. `path` is normalised; `args` has the query and form fields."""

    method: str
    path: str
    args: Mapping[str, str]
    content_type: str
    accept: str
    foreign: bool
    """Whether a browser sent it on behalf of a page of another origin."""
    body: bytes
    host: str = ""
    """The `Host` header."""
    peer: str = ""
    """The caller's IP address."""
    browser: bool = False
    """Whether it comes from a page in a browser, as far as headers tell."""

    @property
    def wants_html(self) -> bool:
        """Whether the caller is a browser, or asks for a page by name."""
        return self.path.endswith(".html") or "text/html" in self.accept

    def flag(self, name: str) -> bool:
        """Whether a parameter says yes: `1`, `t` or `true`."""
        return self.args.get(name, "").lower() in {"1", "t", "true"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A response."""

    body: bytes = b""
    status: int = 200
    content_type: str = "text/plain;charset=UTF-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    rest: Sequence[bytes] = ()
    """What follows `body` when that is long: sent piece by piece, as fast as the caller reads."""


Page = Callable[[Asked], "Answer | Deferred[Answer]"]
"""Answers now or later. A later answer is cancelled when whoever asked has left."""
Pages = Mapping[str, Page]


def text(content: str, status: int = 200) -> Answer:
    """A plain text answer."""
    return Answer(content.encode("utf-8"), status)


JSON = "application/json;charset=UTF-8"


def as_json(
    value: Any, status: int = 200, *, pretty: bool = False, content_type: str = JSON
) -> Answer:
    """A JSON answer; `pretty` indents and sorts."""
    body = json.dumps(value, indent=2 if pretty else None, sort_keys=pretty, ensure_ascii=False)
    return Answer(body.encode("utf-8"), status, content_type)


def html(content: str, status: int = 200) -> Answer:
    """An HTML answer."""
    return Answer(content.encode("utf-8"), status, "text/html;charset=UTF-8")


def not_allowed(*methods: str) -> Answer:
    """The answer to a method that a page does not know."""
    return Answer(status=405, headers={"Allow": ", ".join(methods)})


_NOT_FOUND = "<!doctype html><html lang=en><title>404</title><h1>404</h1><p>No such page.</html>"


def not_found(asked: Asked) -> Answer:
    """The answer where there is nothing; browsers get a page."""
    return html(_NOT_FOUND, 404) if asked.wants_html else Answer(status=404)


def find(pages: Pages, path: str) -> Page | None:
    """The page of the longest pattern that fits; `/` is only itself."""
    if path in pages:
        return pages[path]
    folders = [name for name in pages if name.endswith("/") and name != "/"]
    fitting = [folder for folder in folders if path.startswith(folder)]
    return pages[max(fitting, key=len)] if fitting else None


class _Figures:
    """What the server counts of itself, under linkerd's names.

    Source: telemetry-admin spec, sections 2.2 and 2.9.
    """

    def __init__(self, metrics: Metrics) -> None:
        self.requests, self.success = metrics.counter("requests"), metrics.counter("success")
        self.failures = metrics.counter("failures")
        self.latency = metrics.stat("request_latency_ms")
        self.connects, self.closes = metrics.counter("connects"), metrics.counter("closes")
        self.pending = self.connections = 0
        metrics.gauge("pending", read=lambda: self.pending)
        metrics.gauge("connections", read=lambda: self.connections)

    def answered(self, status: int, milliseconds: float) -> None:
        """Count an answer."""
        self.requests.value += 1
        self.latency.add(milliseconds)
        outcome = self.success if status < 500 else self.failures
        outcome.value += 1


class _Root(resource.Resource):
    """Serves every path."""

    isLeaf = True

    def __init__(
        self, pages: Pages, allowed: Callable[[str], bool], figures: _Figures, clock: Any
    ) -> None:
        super().__init__()
        self._pages = pages
        self._allowed = allowed
        self._figures = figures
        self._clock = clock

    def show(self, pages: Pages, allowed: Callable[[str], bool]) -> None:
        """Serve other pages from now on."""
        self._pages, self._allowed = pages, allowed

    def render(self, request: "_Request") -> Any:
        """Find the page and let it answer."""
        asked = _asked(request)
        began = self._clock.seconds()
        gone: list[Any] = []
        self._figures.pending += 1

        def finish(answer: Answer) -> None:
            self._figures.pending -= 1
            self._figures.answered(answer.status, (self._clock.seconds() - began) * 1000)
            if not gone:
                _finish(request, answer)

        try:
            answer = _TOO_LARGE if request.too_large else self._answer(asked)
        except Exception:  # noqa: BLE001 - a page's defect must not hang the caller
            answer = self._failed(asked, Failure())
        if isinstance(answer, Deferred):
            waiting = answer

            def left(reason: Failure) -> None:
                gone.append(reason)
                waiting.cancel()

            def failed(failure: Failure) -> Answer:
                return Answer() if gone else self._failed(asked, failure)

            request.notifyFinish().addErrback(left)
            answer.addErrback(failed).addCallback(finish)
        else:
            finish(answer)
        return server.NOT_DONE_YET

    def _answer(self, asked: Asked) -> "Answer | Deferred[Answer]":
        if not self._allowed(asked.path):
            return Answer(status=404)
        if asked.foreign and asked.method not in ("GET", "HEAD"):
            return text("Refused: the request was sent by a page of another site.\n", 403)
        page = find(self._pages, asked.path)
        return not_found(asked) if page is None else page(asked)

    def _failed(self, asked: Asked, failure: Failure) -> Answer:
        _log.failure("the page {path} failed", failure, path=asked.path)
        return text(f"the page failed: {type(failure.value).__name__}; see the log\n", 500)


_TOO_LARGE = text(f"The body is larger than {MAX_BODY} bytes.\n", 413)


def _asked(request: "_Request") -> Asked:
    def header(name: str) -> str:
        return str(request.getHeader(name) or "")

    site, origin = header("sec-fetch-site"), header("origin")
    raw = bytes(request.path).decode("latin-1")
    args = {
        name.decode("utf-8", "replace"): values[0].decode("utf-8", "replace")
        for name, values in (request.args or {}).items()
    }
    return Asked(
        method=bytes(request.method).decode("latin-1"),
        path=re.sub("//+", "/", raw),
        args=args,
        content_type=header("content-type"),
        accept=header("accept"),
        foreign=_foreign(site, origin, header("host")),
        body=request.content.read() if request.content else b"",
        host=header("host"),
        peer=str(getattr(request.getClientAddress(), "host", "")),
        browser=bool(site or origin),
    )


def _foreign(site: str, origin: str, host: str) -> bool:
    """Whether a page of another origin asks; older browsers tell by `Origin` alone."""
    if site:
        return site not in ("same-origin", "none")
    return bool(origin) and origin.partition("://")[2] != host


def _finish(request: server.Request, answer: Answer) -> None:
    request.setResponseCode(answer.status)
    request.setHeader("Content-Type", answer.content_type)
    request.setHeader("Content-Length", str(len(answer.body) + sum(map(len, answer.rest))))
    for name, value in (*_SAFE.items(), *answer.headers.items()):
        request.setHeader(name, value)
    if request.method == b"HEAD":
        request.finish()
        return
    request.write(answer.body)
    if answer.rest:
        _Rest(request, answer.rest).send()
    else:
        request.finish()


@implementer(IPushProducer)
class _Rest:
    """Sends the rest of an answer; nothing of it waits in memory for a slow caller."""

    def __init__(self, request: server.Request, pieces: Sequence[bytes]) -> None:
        self._request = request
        self._pieces = iter(pieces)
        self._paused = False

    def send(self) -> None:
        """Begin, and end the request with the last piece."""
        self._request.registerProducer(self, True)
        self.resumeProducing()

    def resumeProducing(self) -> None:
        """Send until there is no more room."""
        self._paused = False
        while not self._paused:
            piece = next(self._pieces, None)
            if piece is None:
                self._paused = True
                self._request.unregisterProducer()
                self._request.finish()
            else:
                self._request.write(piece)

    def pauseProducing(self) -> None:
        """Wait for room."""
        self._paused = True

    def stopProducing(self) -> None:
        """Stop: the caller has left."""
        self._paused = True


class _Request(server.Request):
    """A request whose body is bounded."""

    _received = 0

    @property
    def too_large(self) -> bool:
        """Whether the body was more than is taken."""
        return self._received > MAX_BODY

    def gotLength(self, length: int | None) -> None:
        """Keep the body in memory, whatever its announced length: it is bounded here."""
        super().gotLength(0)

    def handleContentChunk(self, data: bytes) -> None:
        """Keep what is not too much."""
        self._received += len(data)
        if not self.too_large:
            super().handleContentChunk(data)


class _Channel(http.HTTPChannel):
    """A connection; bytes that trickle in do not prolong its time."""

    site: Any
    _closing = False

    def connectionMade(self) -> None:
        """Count it."""
        self.site.figures.connects.value += 1
        self.site.figures.connections += 1
        super().connectionMade()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Count it."""
        self.site.figures.connections -= 1
        super().connectionLost(reason)

    def loseConnection(self) -> None:
        """Count it as closed by us."""
        self.site.figures.closes.value += not self._closing
        self._closing = True
        super().loseConnection()

    def resetTimeout(self) -> None:
        """Do nothing: the time runs from the last answer, not from the last byte."""


class Site(server.Site):
    """A site without an access log: it would drown the log of the router."""

    protocol = _Channel  # type: ignore[assignment] # Twisted's own switches to HTTP/2
    displayTracebacks = False
    noisy = False

    def __init__(self, root: _Root, figures: _Figures, reactor: Any) -> None:
        super().__init__(root, requestFactory=_Request, timeout=PATIENCE, reactor=reactor)
        self.figures = figures
        self.show = root.show

    def log(self, request: http.Request) -> None:
        """Write nothing."""

    def logPrefix(self) -> str:
        """What Twisted calls it in its log."""
        return "admin"

    def acceptableProtocols(self) -> list[bytes]:
        """HTTP/1.1 alone, whatever libraries are installed."""
        return [b"http/1.1"]


def site(pages: Pages, allowed: Callable[[str], bool], metrics: Metrics, reactor: Any) -> Site:
    """A factory for the admin server; paths that are not `allowed` do not exist.

    It counts itself in `metrics`.
    """
    figures = _Figures(metrics)
    return Site(_Root(pages, allowed, figures, reactor), figures, reactor)
