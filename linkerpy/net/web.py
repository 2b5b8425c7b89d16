"""A thin, typed wrapper of twisted.web for the control plane: patterns to functions.

A pattern that ends in `/` serves everything below it, any other only itself; the longest one wins.
Duplicate slashes in a path are collapsed before anything looks at it. The data path does not use
this module.

Source: telemetry-admin spec, section 4.2.
"""

# mypy: disallow-untyped-calls=False
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web import http, resource, server

_log = Logger(namespace="linkerpy.admin")

MAX_BODY = 1 << 20
"""Bytes of a request body."""

IDLE = 60
"""Seconds a connection may idle."""

_SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:",
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
    body: bytes

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


Page = Callable[[Asked], "Answer | Deferred[Answer]"]
Pages = Mapping[str, Page]


def text(content: str, status: int = 200) -> Answer:
    """A plain text answer."""
    return Answer(content.encode("utf-8"), status)


def as_json(value: Any, status: int = 200, *, pretty: bool = False) -> Answer:
    """A JSON answer; `pretty` indents and sorts."""
    body = json.dumps(value, indent=2 if pretty else None, sort_keys=pretty, ensure_ascii=False)
    return Answer(body.encode("utf-8"), status, "application/json;charset=UTF-8")


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


class _Root(resource.Resource):
    """Serves every path."""

    isLeaf = True

    def __init__(self, pages: Pages, allowed: Callable[[str], bool]) -> None:
        super().__init__()
        self._pages = pages
        self._allowed = allowed

    def render(self, request: server.Request) -> Any:
        """Find the page and let it answer."""
        asked = _asked(request)
        try:
            answer = self._answer(asked)
        except Exception:  # noqa: BLE001 - a page's defect must not hang the caller
            answer = self._failed(asked, Failure())
        if isinstance(answer, Deferred):
            gone: list[Any] = []
            request.notifyFinish().addErrback(gone.append)
            answer.addErrback(lambda failure: self._failed(asked, failure))
            answer.addCallback(lambda late: None if gone else _finish(request, late))
            return server.NOT_DONE_YET
        _finish(request, answer)
        return server.NOT_DONE_YET

    def _answer(self, asked: Asked) -> "Answer | Deferred[Answer]":
        if not self._allowed(asked.path):
            return Answer(status=404)
        page = find(self._pages, asked.path)
        return not_found(asked) if page is None else page(asked)

    def _failed(self, asked: Asked, failure: Failure) -> Answer:
        _log.failure("the page {path} failed", failure, path=asked.path)
        return text(f"the page failed: {type(failure.value).__name__}; see the log\n", 500)


def find(pages: Pages, path: str) -> Page | None:
    """The page of the longest pattern that fits."""
    if path in pages:
        return pages[path]
    fitting = [pattern for pattern in pages if pattern.endswith("/") and path.startswith(pattern)]
    fitting = [pattern for pattern in fitting if pattern != "/"]
    return pages[max(fitting, key=len)] if fitting else None


def _asked(request: server.Request) -> Asked:
    def header(name: str) -> str:
        return str(request.getHeader(name) or "")

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
        body=request.content.read() if request.content else b"",
    )


def _finish(request: server.Request, answer: Answer) -> None:
    request.setResponseCode(answer.status)
    request.setHeader("Content-Type", answer.content_type)
    request.setHeader("Content-Length", str(len(answer.body)))
    for name, value in (*_SAFE.items(), *answer.headers.items()):
        request.setHeader(name, value)
    if request.method != b"HEAD":
        request.write(answer.body)
    request.finish()


class _Request(server.Request):
    """A request whose body is bounded."""

    def gotLength(self, length: int | None) -> None:
        """Refuse a body that is too large before it is read."""
        if length is not None and length > MAX_BODY:
            transport: Any = self.channel.transport
            transport.write(
                b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            )
            self.channel.loseConnection()
            length = 0
        super().gotLength(length)


class _Site(server.Site):
    """A site without an access log: it would drown the log of the router."""

    displayTracebacks = False
    noisy = False

    def log(self, request: http.Request) -> None:
        """Write nothing."""


def site(pages: Pages, allowed: Callable[[str], bool], reactor: Any) -> server.Site:
    """A factory for the admin server; paths that are not `allowed` do not exist."""
    return _Site(_Root(pages, allowed), requestFactory=_Request, timeout=IDLE, reactor=reactor)
